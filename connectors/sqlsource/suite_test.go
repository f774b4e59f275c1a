package sqlsource_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
	"kapok/gateway/postgres/pgtest"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

const password = "reader-of-this-test"

func secret(string) (string, error) { return password, nil }

// department is a department's database: a real server that the test started, with the
// sandbox's people in it. What it is told makes its faults.
type department struct {
	admin    *sql.DB
	says     words
	settings map[string]string // of the source
	someone  string            // whom it holds a record of
}

// words is how a server is told things.
type words struct {
	schema   []string // the table and the account
	insert   string
	view     string            // what the view selects, with room for a change
	faults   map[string]string // by kind: another view; %d is the delay in ms
	disable  string
	enable   string
	refuse   string
	permit   string
	loggedIn string // ends the account's sessions
}

// records are the columns of the table; the key is what the number is looked up by.
const selected = `id_number, name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note`

func open(t testing.TB, d *department, change map[string]string) connectors.Connector {
	t.Helper()
	connector, err := builtin.New("sql", d.with(change), builtin.World{Secrets: secret})
	if err != nil {
		t.Fatal(err)
	}
	return connector
}

func (d *department) with(change map[string]string) map[string]string {
	given := map[string]string{
		"user": "kapok_reader", "password": "civil-db", "views": "v_household, v_other, t_household", "view": "v_household",
		"columns": selected, "subject_column": "id_number", "lookup_column": "id_key", "as_of_column": "changed_at", "statement_timeout": "5s",
	}
	maps.Copy(given, d.settings)
	maps.Copy(given, change)
	return given
}

func (d *department) tell(t testing.TB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := d.admin.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func (d *department) seed(t testing.TB, citizens []connectortest.Citizen) {
	t.Helper()
	d.tell(t, d.says.schema...)
	d.someone = citizens[0].IDNumber
	for i, citizen := range citizens {
		row := []any{citizen.IDNumber, citizen.Name, i + 1}
		if strings.HasPrefix(d.says.insert, "insert into t_household values (?") {
			row = append([]any{citizen.IDNumber}, row...)
		}
		if _, err := d.admin.ExecContext(t.Context(), d.says.insert, row...); err != nil {
			t.Fatal(err)
		}
	}
	d.tell(t, fmt.Sprintf(d.says.view, selected, ""))
	d.tell(t, d.says.permit)
}

func (d *department) order(t testing.TB, _ connectortest.Sandbox, fault connectortest.Fault) {
	t.Helper()
	switch fault.Kind {
	case "refused":
		d.tell(t, d.says.refuse)
	case "expired-key":
		d.tell(t, d.says.disable)
		d.endSessions(t)
	default:
		view := d.says.faults[fault.Kind]
		if fault.Kind == "slow" {
			view = fmt.Sprintf(view, float64(fault.DelayMS)/1000)
		}
		d.tell(t, view)
	}
}

// endSessions closes the account's sessions; one that has just ended is no error.
func (d *department) endSessions(t testing.TB) {
	t.Helper()
	rows, err := d.admin.QueryContext(t.Context(), d.says.loggedIn)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ends []string
	for rows.Next() {
		var end string
		if err := rows.Scan(&end); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, end := range ends {
		_, _ = d.admin.ExecContext(t.Context(), end)
	}
}

func (d *department) cancel(t testing.TB, _ connectortest.Sandbox) {
	t.Helper()
	d.tell(t, "drop view if exists v_household", fmt.Sprintf(d.says.view, selected, ""), d.says.permit, d.says.enable)
}

func runSuite(t *testing.T, d *department) {
	connectortest.Run(t, connectortest.Candidate{
		SID: "sql", NameField: "name", NumberField: "id_number",
		Order: d.order, Cancel: d.cancel,
		Wants: map[string]error{"expired-key": connectors.ErrRefused},
		Lacks: map[string]string{
			"wrong-signature": "a database does not sign its answers",
			"half":            "a database's protocol frames each row; a cut connection is another case",
		},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			if strings.HasSuffix(s.URL, ":1") {
				return open(t, d, map[string]string{"host": "127.0.0.1", "port": "1", "tls": "off", "unencrypted": "accepted"})
			}
			d.seed(t, s.Citizens(t))
			return open(t, d, nil)
		},
	})
	t.Run("what the settings may not reach", func(t *testing.T) { outOfReach(t, d) })
	t.Run("a whole view", func(t *testing.T) { wholeView(t, d) })
}

// outOfReach: a table is not read even where it is listed, and a view that writes does not.
func outOfReach(t *testing.T, d *department) {
	subject := connectortest.Subject(t, d.someone)
	for name, change := range map[string]map[string]string{
		"a table":        {"view": "t_household"},
		"no such view":   {"view": "v_other"},
		"no such column": {"columns": "id_number, absent"},
		"a wrong secret": {"user": "kapok_stranger"},
	} {
		_, err := open(t, d, change).Fetch(t.Context(), connectors.Query{Subject: subject})
		if err == nil || !strings.Contains(err.Error(), connectors.ErrRefused.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.order(t, connectortest.Sandbox{}, connectortest.Fault{Kind: "writes"})
	defer d.cancel(t, connectortest.Sandbox{})
	_, err := open(t, d, nil).Fetch(t.Context(), connectors.Query{Subject: subject})
	if err == nil || !strings.Contains(err.Error(), connectors.ErrRefused.Error()) {
		t.Errorf("a view that writes: %v", err)
	}
	d.order(t, connectortest.Sandbox{}, connectortest.Fault{Kind: "slow", DelayMS: 3000})
	_, err = open(t, d, map[string]string{"statement_timeout": "50ms"}).Fetch(t.Context(), connectors.Query{Subject: subject})
	if err == nil || !strings.Contains(err.Error(), connectors.ErrTimeout.Error()) {
		t.Errorf("a statement beyond its time: %v", err)
	}
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	address := pgtest.NewEmptyDSN(t)
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	driver, err := stdlib.GetDefaultDriver().(*stdlib.Driver).OpenConnector(address)
	if err != nil {
		t.Fatal(err)
	}
	d := &department{admin: sql.OpenDB(driver), says: postgresWords, settings: map[string]string{"dialect": "postgres", "database": strings.TrimPrefix(at.Path, "/")}}
	t.Cleanup(func() { _ = d.admin.Close() })
	if host := at.Query().Get("host"); host != "" {
		d.settings["host"], d.settings["port"] = host, at.Query().Get("port")
		admitReader(t, d)
	} else {
		d.settings["host"], d.settings["tls"], d.settings["unencrypted"] = at.Hostname(), "off", "accepted"
		if at.Port() != "" {
			d.settings["port"] = at.Port()
		}
	}
	runSuite(t, d)
}

// admitReader lets the account into the private server, whose list of hosts admits
// Kapok's own role alone.
func admitReader(t *testing.T, d *department) {
	t.Helper()
	var file string
	if err := d.admin.QueryRowContext(t.Context(), "show hba_file").Scan(&file); err != nil {
		t.Fatal(err)
	}
	hosts, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hosts.WriteString("local all kapok_reader scram-sha-256\n"); err != nil {
		t.Fatal(err)
	}
	if err := hosts.Close(); err != nil {
		t.Fatal(err)
	}
	d.tell(t, "select pg_reload_conf()")
}

var postgresWords = words{
	schema: []string{
		`do $$ begin
			if not exists (select from pg_roles where rolname = 'kapok_reader') then create role kapok_reader; end if;
		end $$`,
		`alter role kapok_reader login password '` + password + `'`,
		`create table if not exists t_household (id_key text primary key, id_number text, name text, sex char(4), birthday date, address varchar(99),
			household_no int, members smallint, subsidy numeric(9,2), active boolean, changed_at timestamptz, note text)`,
		`grant usage on schema public to kapok_reader`,
		`create or replace function busy() returns boolean language plpgsql security definer as $$ begin update t_household set members = 4; return true; end $$`,
		`create or replace function broken() returns boolean language plpgsql as $$ begin raise exception using errcode = '58000'; end $$`,
	},
	insert: `insert into t_household values ($1, $1, $2, '女', '1980-01-02', '测试路1号', $3, 3, 1238.50, true, now(), null) on conflict do nothing`,
	view:   `create or replace view v_household as select id_key, %s from t_household%s`,
	faults: map[string]string{
		"slow":          `create or replace view v_household as with wait as materialized (select pg_sleep(%g)) select t.id_key, t.id_number, name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from wait, t_household t`,
		"500":           `create or replace view v_household as select id_key, id_number, name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from t_household where broken()`,
		"down":          `create or replace view v_household as select id_key, id_number, name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from t_household where pg_terminate_backend(pg_backend_pid())`,
		"writes":        `create or replace view v_household as select id_key, id_number, name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from t_household where busy()`,
		"garbage":       `drop view v_household; create view v_household as select id_key, id_number, convert_to(name, 'GBK') as name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from t_household; grant select on v_household to kapok_reader`,
		"wrong-content": `drop view v_household; create view v_household as select id_key, id_number, to_json(name) as name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from t_household; grant select on v_household to kapok_reader`,
		"wrong-person":  `create or replace view v_household as select t.id_key, other.id_number, t.name, t.sex, t.birthday, t.address, t.household_no, t.members, t.subsidy, t.active, t.changed_at, t.note from t_household t join t_household other on other.household_no = t.household_no + 1`,
	},
	disable:  `alter role kapok_reader nologin`,
	enable:   `alter role kapok_reader login`,
	refuse:   `revoke select on v_household from kapok_reader`,
	permit:   `grant select on v_household to kapok_reader`,
	loggedIn: `select format('select pg_terminate_backend(%s)', pid) from pg_stat_activity where usename = 'kapok_reader'`,
}

func TestMariaDB(t *testing.T) {
	t.Parallel()
	server := connectortest.StartMariaDB(t)
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.MultiStatements = "root", "unix", server.Socket, true
	admin, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	d := &department{admin: sql.OpenDB(admin), says: mariadbWords, settings: map[string]string{"dialect": "mariadb", "host": server.Socket, "database": "civil"}}
	t.Cleanup(func() { _ = d.admin.Close() })
	d.tell(t, "create database civil character set utf8mb4")
	config.DBName = "civil"
	if admin, err = mysql.NewConnector(config); err != nil {
		t.Fatal(err)
	}
	_ = d.admin.Close()
	d.admin = sql.OpenDB(admin)
	runSuite(t, d)
}

var mariadbWords = words{
	schema: []string{
		`create user kapok_reader@localhost identified by '` + password + `'`,
		`create table t_household (id_key varchar(32) primary key, id_number varchar(32), name varchar(60), sex char(4), birthday date, address varchar(99),
			household_no int, members smallint, subsidy decimal(9,2), active enum('true','false'), changed_at datetime(3), note text)`,
		`create function broken() returns int no sql begin signal sqlstate 'HY000' set mysql_errno = 1030; return 1; end`,
		`create function busy() returns int modifies sql data begin update t_notes set members = 4; return 1; end`,
		`create table t_notes (members int)`,
		`create function hang_up() returns int reads sql data begin kill connection_id(); return 1; end`,
	},
	insert: `insert into t_household values (?, ?, ?, '女', '1980-01-02', '测试路1号', ?, 3, 1238.50, 'true', convert_tz(utc_timestamp(3), '+00:00', '+08:00'), null)`,
	view:   `create or replace sql security definer view v_household as select id_key, %s from t_household%s`,
	faults: map[string]string{
		"slow":          `create or replace algorithm = temptable view v_household as select t.* from (select sleep(%g) waited) w join t_household t`,
		"500":           `create or replace view v_household as select * from t_household where broken()`,
		"down":          `create or replace view v_household as select * from t_household where hang_up()`,
		"writes":        `create or replace view v_household as select id_key, id_number, name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from t_household where busy()`,
		"garbage":       `create or replace view v_household as select id_key, id_number, cast(convert(name using gbk) as binary) as name, sex, birthday, address, household_no, members, subsidy, active, changed_at, note from t_household`,
		"wrong-content": `create or replace view v_household as select id_key, id_number, name, sex, birthday, point(1, 2) as address, household_no, members, subsidy, active, changed_at, note from t_household`,
		"wrong-person":  `create or replace view v_household as select t.id_key, other.id_number, t.name, t.sex, t.birthday, t.address, t.household_no, t.members, t.subsidy, t.active, t.changed_at, t.note from t_household t join t_household other on other.household_no = t.household_no + 1`,
	},
	disable:  `alter user kapok_reader@localhost account lock`,
	enable:   `alter user kapok_reader@localhost account unlock`,
	refuse:   `revoke select on v_household from kapok_reader@localhost`,
	permit:   `grant select on civil.v_household to kapok_reader@localhost`,
	loggedIn: `select concat('kill ', id) from information_schema.processlist where user = 'kapok_reader'`,
}
