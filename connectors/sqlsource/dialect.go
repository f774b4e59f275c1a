package sqlsource

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"kapok/connectors/settings"
)

// dialect is what the databases do differently.
type dialect struct {
	port   int
	quote  string
	mark   string              // of the one parameter
	param  func(at int) string // the mark of one of several parameters
	now    string              // a statement that tells the server's time
	isView string              // a statement that counts the views of a schema ("" is the account's own) and a name
	open   func(address) (driver.Connector, error)
}

// address is where a database is and how one gets in.
type address struct {
	declared
	bounds
	secret string
	tls    *tls.Config // nil: none
}

const (
	postgresViews = `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('v', 'm') and n.nspname = coalesce(nullif($1, ''), current_schema()) and c.relname = $2`
	mysqlViews = `select count(*) from information_schema.tables
		where table_type = 'VIEW' and table_schema = coalesce(nullif(?, ''), database()) and table_name = ?`
)

// dialects are the values of the setting dialect.
var dialects = map[string]dialect{
	"postgres": {5432, `"`, "$1", func(at int) string { return "$" + strconv.Itoa(at) }, "select clock_timestamp()", postgresViews, openPostgres},
	"mysql": {3306, "`", "?", questionMark, mysqlNow, mysqlViews, func(a address) (driver.Connector, error) {
		return openMySQL(a, "max_execution_time", strconv.FormatInt(a.statement.Milliseconds(), 10))
	}},
	"mariadb": {3306, "`", "?", questionMark, mysqlNow, mysqlViews, func(a address) (driver.Connector, error) {
		return openMySQL(a, "max_statement_time", strconv.FormatFloat(a.statement.Seconds(), 'f', 3, 64))
	}},
}

const mysqlNow = "select now(6)"

func questionMark(int) string { return "?" }

func (d dialect) quoted(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = d.quote + part + d.quote // an identifier holds no quotation mark
	}
	return strings.Join(parts, ".")
}

// statement selects the columns of the rows about one subject, and one row more than
// are of use.
func (d dialect) statement(view, lookup string, columns []string) string {
	quoted := make([]string, len(columns))
	for i, column := range columns {
		quoted[i] = d.quoted(column)
	}
	return fmt.Sprintf("select %s from %s where %s = %s limit %d", strings.Join(quoted, ", "), d.quoted(view), d.quoted(lookup), d.mark, maxRows+1)
}

// pool opens connections when they are asked for, and closes those that idle: a
// connector that a new edition of the catalogue replaced keeps none.
func (a address) pool() (*sql.DB, error) {
	connector, err := dialects[a.dialect].open(a)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(a.atOnce)
	pool.SetMaxIdleConns(a.atOnce)
	pool.SetConnMaxIdleTime(time.Minute)
	pool.SetConnMaxLifetime(time.Hour)
	return pool, nil
}

func openPostgres(a address) (driver.Connector, error) {
	config, err := pgx.ParseConfig("") // what the environment says is replaced below
	if err != nil {
		return nil, fmt.Errorf("the connection's defaults cannot be read")
	}
	config.Host, config.Port, config.Database, config.User, config.Password = a.host, uint16(a.atPort), a.database, a.user, a.secret
	config.TLSConfig, config.Fallbacks = a.tls, nil
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // a kept plan breaks when the provider changes the view
	config.RuntimeParams = map[string]string{
		"application_name": "kapok", "default_transaction_read_only": "on", "timezone": "Asia/Shanghai",
		"statement_timeout": strconv.FormatInt(a.statement.Milliseconds(), 10),
	}
	return stdlib.GetConnector(*config), nil
}

func openMySQL(a address, timeoutName, timeout string) (driver.Connector, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(a.host, strconv.Itoa(a.atPort))
	if a.socket() {
		config.Net, config.Addr = "unix", a.host
	}
	config.User, config.Passwd, config.DBName, config.TLS = a.user, a.secret, a.database, a.tls
	config.Logger = silence{} // its lines hold addresses; what matters comes back as an error
	config.Params = map[string]string{timeoutName: timeout, "time_zone": "'+08:00'"}
	if err := config.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, err
	}
	return mysql.NewConnector(config)
}

type silence struct{}

// Print drops a line.
func (silence) Print(...any) {}

// trust makes the TLS settings: the server's name is checked against its certificate.
func (d declared) trust(secrets func(string) (string, error)) (*tls.Config, error) {
	if d.tls == "off" || d.socket() {
		return nil, nil
	}
	trusted := &tls.Config{ServerName: d.host, MinVersion: tls.VersionTLS12}
	if d.tlsCA == "" {
		return trusted, nil
	}
	pem, err := settings.Secret("tls_ca", d.tlsCA, secrets)
	if err != nil {
		return nil, err
	}
	trusted.RootCAs = x509.NewCertPool()
	if !trusted.RootCAs.AppendCertsFromPEM([]byte(pem)) {
		return nil, fmt.Errorf("setting tls_ca: the secret holds no certificate in PEM")
	}
	return trusted, nil
}
