package returns_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"kapok/catalog"
	"kapok/connectors/sqlsource"
	"kapok/gateway"
	"kapok/gateway/postgres/pgtest"
	"kapok/gateway/returns"
)

// provider is a department's own database, in which it keeps what it returns.
type provider struct {
	*world
	t        *testing.T
	admin    *sql.DB
	settings map[string]string

	ahead  time.Duration           // its clock
	breaks func(readings int) bool // whether a reading breaks off after its first row
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	address := pgtest.NewEmptyDSN(t)
	at, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{world: newWorld(t), t: t, admin: stdlib.OpenDB(*at), breaks: func(int) bool { return false }}
	t.Cleanup(func() { _ = p.admin.Close() })
	p.settings = map[string]string{
		"dialect": "postgres", "database": at.Database, "user": at.User, "password": "civil-db", "views": "v_subsidies",
		"host": at.Host, "port": strconv.Itoa(int(at.Port)), "tls": "off", "unencrypted": "accepted",
	}
	p.tell(`create table subsidies ("SFZH" text, "XM" text, "BTZL" text, "YBTJE" text, "SCFFNY" text, "FFZT" text, "XZQH" text, changed timestamptz not null default now(), gone text)`,
		`create view v_subsidies as select * from subsidies`)
	known := p.catalogue()
	p.Importer.Config.Catalog = func() *catalog.Catalog { return known }
	p.Importer.Tables = func(d *returns.Dataset) (returns.Table, error) {
		table, err := sqlsource.OpenTable(p.settings, func(string) (string, error) { return at.Password + "-", nil }, sqlsource.Shape{
			View: d.Pull.View, Columns: d.Sources(), Keys: d.Keys, Watermark: d.Pull.Watermark, Mark: d.Pull.Mark,
		})
		return &watched{table, p, 0}, err
	}
	return p
}

// catalogue is the example's, with one dataset that is pulled.
func (p *provider) catalogue() *catalog.Catalog {
	p.t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(catalog.Example(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(catalog.Example(), name)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	changed := strings.Replace(string(files["returned.yaml"]), "sealed: name }", "sealed: name, pull: civil-db, pull_view: v_subsidies, pull_keep: 8760h, pull_watermark: changed, pull_mark: gone, pull_every: 1h }", 1)
	if changed == string(files["returned.yaml"]) {
		p.t.Fatal("the example has no such dataset")
	}
	files["returned.yaml"] = []byte(changed)
	known, err := catalog.LoadFiles(files, map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"})
	if err != nil {
		p.t.Fatal(err)
	}
	return known
}

func (p *provider) tell(statements ...string) {
	p.t.Helper()
	for _, statement := range statements {
		if _, err := p.admin.ExecContext(p.t.Context(), statement); err != nil {
			p.t.Fatalf("%s: %v", statement, err)
		}
	}
}

func (p *provider) insert(at time.Time, rows ...row) {
	p.t.Helper()
	for _, r := range rows {
		if _, err := p.admin.ExecContext(p.t.Context(), `insert into subsidies values ($1, $2, $3, $4, $5, $6, $7, $8, null)`, r[0], r[1], r[2], r[3], r[4], r[5], r[6], at); err != nil {
			p.t.Fatal(err)
		}
	}
}

// pulls pulls and lands.
func (p *provider) pulls() returns.Delivery {
	p.t.Helper()
	made, err := p.Pull(p.t.Context(), dataset, false, actor)
	if err == nil {
		err = p.LandUploaded(p.t.Context())
	}
	if err == nil {
		made, err = p.store.Delivery(p.t.Context(), made.ID)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return made
}

func (p *provider) publishes(d returns.Delivery) {
	p.t.Helper()
	if d.State != returns.Reconciled {
		p.t.Fatalf("it is %s: %+v", d.State, d.Findings)
	}
	if err := p.act(p.t, d.ID, returns.ActPublish); err != nil {
		p.t.Fatal(err)
	}
}

// later moves both clocks on.
func (p *provider) later(by time.Duration) { p.ahead += by; p.now = p.now.Add(by) }

// watched is the provider's view, whose clock and line a test decides on.
type watched struct {
	returns.Table
	of       *provider
	readings int
}

var errBroken = errors.New("the line broke")

func (w *watched) Read(ctx context.Context, read func(now time.Time, rows func(since, until time.Time, each func([]string) error) error) error) error {
	return w.Table.Read(ctx, func(now time.Time, rows func(since, until time.Time, each func([]string) error) error) error {
		return read(now.Add(w.of.ahead), func(since, until time.Time, each func([]string) error) error {
			w.readings++
			seen := 0
			return rows(since, until, func(fields []string) error {
				if seen++; seen > 1 && w.of.breaks(w.readings) {
					return errBroken
				}
				return each(fields)
			})
		})
	})
}

// TestPull: a view is pulled whole, then what changed of it; what is pulled is what a file
// of the same rows would have been.
func TestPull(t *testing.T) {
	p := newProvider(t)
	began := p.now.Add(-time.Hour)
	rows := rowsOf(0, 300)
	p.insert(began, rows...)
	p.tell(`insert into subsidies select * from subsidies limit 0`, `update subsidies set gone = 'D' where "SFZH" = '`+rows[299][0]+`'`)
	first := p.pulls()
	if m := first.Manifest; m.Kind != returns.Full || m.Version != 1 || m.Rows() != 299 || m.Pulled == nil || m.Pulled.View != "v_subsidies" || first.Signature != "" || first.System != "" {
		t.Errorf("%+v", first)
	}
	p.publishes(first)
	sorted := slices.Clone(rows[:299])
	slices.SortFunc(sorted, func(a, b row) int { return strings.Compare(a[0], b[0]) })
	if want := contentOf(t, sorted); first.Report.Content != want {
		t.Errorf("its content is %s, of a file it would be %s", first.Report.Content, want)
	}

	p.later(2 * time.Hour)
	changed := p.now.Add(-time.Hour)
	p.insert(changed, rowsOf(300, 304)...)
	p.tell(`update subsidies set "FFZT" = '停发', changed = '` + changed.Format(time.RFC3339) + `' where "SFZH" in ('` + rows[1][0] + `', '` + rows[2][0] + `')`)
	p.tell(`update subsidies set gone = 'D', changed = '` + changed.Format(time.RFC3339) + `' where "SFZH" in ('` + rows[5][0] + `', '` + rowsOf(303, 304)[0][0] + `')`)
	second := p.pulls()
	if m := second.Manifest; m.Kind != returns.Incremental || m.Base != 1 || m.Rows() != 7 || !m.Watermark.From.Equal(first.Manifest.AsOf) {
		t.Errorf("%+v", m)
	}
	if got := *second.Report.Changes; got.Added != 3 || got.Changed != 2 || got.Removed != 1 || second.Report.Rows != 301 || !slices.Contains(second.Report.Warnings, returns.RuleNothing) {
		t.Errorf("%+v, %+v", got, second.Report)
	}
	if _, err := p.Pull(t.Context(), dataset, false, actor); code(err) != "return-waiting" {
		t.Errorf("while one waits: %v", err)
	}
	p.publishes(second)
	p.ahead -= 20 * time.Minute
	if _, err := p.Pull(t.Context(), dataset, false, actor); code(err) != "return-watermark" {
		t.Errorf("the database's clock was set back: %v", err)
	}
	p.ahead += 20 * time.Minute
	p.pullsByTime()
}

// pullsByTime: a node pulls by itself once the time that the catalogue sets has passed.
func (p *provider) pullsByTime() {
	p.t.Helper()
	versions := func() int {
		found, err := p.store.Deliveries(p.t.Context(), dataset, 50)
		if err != nil {
			p.t.Fatal(err)
		}
		return len(found)
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{30 * time.Minute, 2}, {time.Hour, 3}, {time.Hour, 3}} { // the third waits for the one before
		p.later(c.after)
		if err := p.PullDue(p.t.Context()); err != nil {
			p.t.Error(err)
		}
		if got := versions(); got != c.want {
			p.t.Errorf("after %v there are %d deliveries, want %d", c.after, got, c.want)
		}
		if err := p.LandUploaded(p.t.Context()); err != nil {
			p.t.Error(err)
		}
	}
}

// TestBrokenPull: a pull that breaks leaves nothing that could be published; the next one
// ends as one that never broke.
func TestBrokenPull(t *testing.T) {
	p := newProvider(t)
	rows := rowsOf(0, 50)
	p.insert(p.now.Add(-time.Hour), rows...)
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a[0], b[0]) })
	for at, left := range []int{0, 1} { // before the manifest was made, and while rows are kept
		reading := at + 1
		p.breaks = func(readings int) bool { return readings == reading }
		if _, err := p.Pull(t.Context(), dataset, false, actor); !errors.Is(err, errBroken) && gateway.AsError(err).Code != "body-unreadable" {
			t.Errorf("reading %d: %v", reading, err)
		}
		p.breaks = func(int) bool { return false }
		found, err := p.store.Deliveries(t.Context(), dataset, 50)
		if err != nil || len(found) > 0 && found[0].State == returns.Reconciled || reading == 2 && (len(found) != left || found[0].State != returns.Received) {
			t.Errorf("reading %d left %d: %v", reading, len(found), err)
		}
		if err := p.LandUploaded(t.Context()); err != nil {
			t.Error(err)
		}
		if reading == 2 {
			p.pullsAfter(found[0], rows)
		}
	}
}

// pullsAfter: the pull after a broken one takes its number, and is of the same content as
// a file of these rows.
func (p *provider) pullsAfter(broken returns.Delivery, rows []row) {
	p.t.Helper()
	again := p.pulls()
	if again.Manifest.Version != 1 || again.Report.Content != contentOf(p.t, rows) {
		p.t.Errorf("the next one: %+v", again.Report)
	}
	if broken, err := p.store.Delivery(p.t.Context(), broken.ID); err != nil || broken.State != returns.Refused {
		p.t.Errorf("the broken one is %s, %v", broken.State, err)
	}
}

// TestPullRefuses: what is wrong in the provider's view is named, and nothing published.
func TestPullRefuses(t *testing.T) {
	p := newProvider(t)
	fine := rowsOf(0, 3)
	for name, c := range map[string]struct {
		spoil func(r row) row
		rule  string
	}{
		"a wrong type":         {func(r row) row { r[3] = "twelve"; return r }, "YBTJE: type"},
		"no value that counts": {func(r row) row { r[1] = ""; return r }, "XM: required"},
		"no key":               {func(r row) row { r[2] = ""; return r }, "BTZL: required"},
		"no such person":       {func(r row) row { r[0] = "440106194001010000"; return r }, "SFZH: identity"},
	} {
		p.tell("delete from subsidies")
		p.insert(p.now.Add(-time.Hour), fine...)
		p.insert(p.now.Add(-time.Hour), c.spoil(slices.Clone(rowOf(9))))
		p.later(time.Second)
		got := p.pulls()
		if got.State != returns.Refused || !slices.ContainsFunc(got.Findings.List, func(f returns.Finding) bool { return strings.Contains(f.String(), c.rule) }) {
			t.Errorf("%s: it is %s, %+v", name, got.State, got.Findings)
		}
	}
	p.tell("drop view v_subsidies", `create view v_subsidies as select "SFZH", "XM", changed, gone from subsidies`)
	if _, err := p.Pull(t.Context(), dataset, false, actor); err == nil {
		t.Error("columns are missing, and it was pulled")
	}
	p.ahead += time.Hour
	p.tell("drop view v_subsidies", "create view v_subsidies as select * from subsidies")
	if _, err := p.Pull(t.Context(), dataset, false, actor); code(err) != "return-clock" {
		t.Errorf("a clock that runs ahead: %v", err)
	}
	if _, err := p.Pull(t.Context(), "2030010006/000001", false, actor); code(err) != "dataset-unknown" {
		t.Errorf("no dataset: %v", err)
	}
	claimed := p.full(t, 1, fine)
	claimed.Pulled = &returns.Pulled{Source: "civil-db", View: "v_subsidies", Snapshot: p.now}
	document, signature := p.sign(t, claimed)
	if _, _, err := p.Receive(t.Context(), document, signature, actor); code(err) != "manifest-invalid" {
		t.Errorf("a provider that says it was pulled: %v", err)
	}
}

// contentOf is the digest of a file of these rows, landed elsewhere.
func contentOf(t *testing.T, rows []row) string {
	t.Helper()
	other := newWorld(t)
	return other.imported(t, other.full(t, 1, rows)).Report.Content
}
