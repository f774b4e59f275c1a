package returns_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"kapok/catalog"
	"kapok/crypto/jose"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
	"kapok/gateway/returns"
)

const (
	dataset = "2030010005/000001"
	actor   = "staff-bureau-01"
)

var columns = []string{"SFZH", "XM", "BTZL", "YBTJE", "SCFFNY", "FFZT", "XZQH"}

// world is an importer over a real database, and a provider with a key.
type world struct {
	*returns.Importer
	store   *postgres.Returns
	dsn     string
	db      *postgres.DB
	people  *postgres.People
	persons *keys.Persons
	key     *sm.PrivateKey
	keyID   string
	folder  string
	now     time.Time
}

func newWorld(t testing.TB) *world { return worldOn(t, pgtest.NewDSN(t), openKeys(t, t.TempDir())) }

func openKeys(t testing.TB, folder string) *keys.File {
	t.Helper()
	file, err := keys.OpenFile(folder, []byte("a passphrase for tests"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func worldOn(t testing.TB, dsn string, ring *keys.File) *world {
	t.Helper()
	db := pgtest.Open(t, dsn)
	known, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{dsn: dsn, db: db, store: db.Returns(), persons: ring.Persons(), folder: t.TempDir(), now: time.Now().UTC().Truncate(time.Second)}
	w.people = db.People(ring.Lookup().All).WithKeys(w.persons)
	if w.key, err = sm.GenerateKey(); err != nil {
		t.Fatal(err)
	}
	enrolled, _, err := db.EnrolKey(t.Context(), postgres.Enrolment{System: "mca-return", Public: w.key.Public(), From: w.now.Add(-time.Hour), Actor: actor, At: w.now})
	if err != nil {
		t.Fatal(err)
	}
	w.keyID = enrolled.KeyID
	w.Importer = returns.New(returns.Config{
		Catalog: func() *catalog.Catalog { return known }, Store: w.store, People: w.people, Persons: w.persons,
		Providers: w.store, Verifier: sm.NewVerifier(sm.VerifierOptions{}), Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	})
	return w
}

// row is what the provider says of somebody.
type row []string

// number makes the identity number of a fictitious person; its check digit holds.
func number(n int) string {
	digits := fmt.Sprintf("440106%04d%02d%02d%03d", 1940+n%60, 1+n/60%12, 1+n/720%28, n/20160%1000)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

func rowOf(n int) row {
	return row{number(n), fmt.Sprintf("测试%d", n), "生活补贴", fmt.Sprintf("%d.%02d", 100+n%50, n%100), "2025-09", "在发", "440106"}
}

func rowsOf(from, until int) (rows []row) {
	for n := from; n < until; n++ {
		rows = append(rows, rowOf(n))
	}
	return rows
}

// asCSV writes a file as a provider does.
func asCSV(header []string, rows []row) []byte {
	var out bytes.Buffer
	write := func(fields []string) {
		quoted := make([]string, len(fields))
		for i, field := range fields {
			quoted[i] = field
			if strings.ContainsAny(field, ",\"\n") {
				quoted[i] = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
			}
		}
		out.WriteString(strings.Join(quoted, ",") + "\r\n")
	}
	write(header)
	for _, one := range rows {
		write(one)
	}
	return out.Bytes()
}

func inGB18030(t testing.TB, text []byte) []byte {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// put writes a file into the delivery's folder and describes it.
func (w *world) put(t testing.TB, name, layout string, content []byte, rows []row, amount int) returns.File {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := new(big.Rat)
	for _, one := range rows {
		value, ok := new(big.Rat).SetString(one[amount])
		if ok {
			sum.Add(sum, value)
		}
	}
	digest := sm.Sum(content)
	return returns.File{
		Name: name, Layout: layout, Size: int64(len(content)), SM3: hex.EncodeToString(digest[:]),
		Rows: int64(len(rows)), Sums: map[string]string{"YBTJE": sum.FloatString(9)},
	}
}

func (w *world) manifest(version int, files ...returns.File) returns.Manifest {
	return returns.Manifest{
		Format: returns.Format, Dataset: dataset, ItemVersion: 1, Version: version, Kind: returns.Full,
		Created: w.now, AsOf: w.now.Add(-time.Hour), KeepUntil: w.now.AddDate(1, 0, 0), Encoding: returns.UTF8,
		Columns: columns, Keys: []string{"SFZH", "BTZL"}, Files: files,
	}
}

// full is a full delivery of one CSV file.
func (w *world) full(t testing.TB, version int, rows []row) returns.Manifest {
	t.Helper()
	return w.manifest(version, w.put(t, fmt.Sprintf("full-%d.csv", version), "csv", asCSV(columns, rows), rows, 3))
}

// changes is an incremental delivery of one CSV file; the mark is the last column.
func (w *world) changes(t testing.TB, version int, rows []row) returns.Manifest {
	t.Helper()
	header := append(append([]string{}, columns...), "CZLX")
	m := w.manifest(version, w.put(t, fmt.Sprintf("changes-%d.csv", version), "csv", asCSV(header, rows), rows, 3))
	m.Kind, m.Base, m.Columns, m.Mark = returns.Incremental, version-1, header, "CZLX"
	return m
}

func (w *world) sign(t testing.TB, m returns.Manifest) (document []byte, signature string) {
	t.Helper()
	document, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	signature, err = jose.SignDetached(t.Context(), document, returns.ManifestType, w.keyID, w.key)
	if err != nil {
		t.Fatal(err)
	}
	return document, signature
}

func (w *world) receive(t testing.TB, m returns.Manifest) returns.Delivery {
	t.Helper()
	document, signature := w.sign(t, m)
	delivery, _, err := w.Receive(t.Context(), document, signature, actor)
	if err != nil {
		t.Fatal(err)
	}
	return delivery
}

func (w *world) imported(t testing.TB, m returns.Manifest) returns.Delivery {
	t.Helper()
	delivery, err := w.Import(t.Context(), w.receive(t, m).ID, filesIn(t, w.folder), actor, func(returns.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return delivery
}

// published imports and publishes a delivery that has nothing wrong.
func (w *world) published(t testing.TB, m returns.Manifest) returns.Delivery {
	t.Helper()
	delivery := w.imported(t, m)
	if delivery.State != returns.Reconciled {
		t.Fatalf("%s: %v", delivery.State, delivery.Findings)
	}
	if err := w.act(t, delivery.ID, returns.ActPublish); err != nil {
		t.Fatal(err)
	}
	return delivery
}

// act is proposed by one person and confirmed by another.
func (w *world) act(t testing.TB, id string, act returns.Act) error {
	t.Helper()
	proposed, err := w.Propose(t.Context(), id, act, actor, "test")
	if err != nil {
		return err
	}
	if _, err := w.Decide(t.Context(), proposed.ID, returns.Confirmed, actor); code(err) != "second-person" {
		t.Errorf("one person alone: %v", err)
	}
	_, err = w.Decide(t.Context(), proposed.ID, returns.Confirmed, "staff-approver-01")
	return err
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return gateway.AsError(err).Code
}

func person(t testing.TB, n int) gateway.Identity {
	t.Helper()
	id, err := gateway.ParseIdentity(gateway.CitizenID, number(n))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func fieldOf(err error) string {
	if err == nil {
		return ""
	}
	return gateway.AsError(err).Field
}

// filesIn are the files of a folder, as an operator's command reads them.
func filesIn(t testing.TB, folder string) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root.FS()
}
