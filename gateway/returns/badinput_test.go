package returns_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"kapok/gateway/returns"
)

// bad is a delivery that breaks rules, and what has to be said of it.
type bad struct {
	spoil func(t *testing.T, w *world, m *returns.Manifest) // of a sound delivery of ten rows
	want  []string                                          // "file:line field rule"
}

// rewrite puts other bytes in the place of the only file, which the manifest describes.
func rewrite(t *testing.T, w *world, m *returns.Manifest, rows []row, change func([]byte) []byte) {
	t.Helper()
	m.Files[0] = w.put(t, m.Files[0].Name, m.Files[0].Layout, change(asCSV(m.Columns, rows)), rows, 3)
}

func replaced(old, with string) func([]byte) []byte {
	return func(content []byte) []byte { return bytes.Replace(content, []byte(old), []byte(with), 1) }
}

var badDeliveries = map[string]bad{
	"another encoding": {func(t *testing.T, w *world, m *returns.Manifest) {
		rewrite(t, w, m, rowsOf(0, 10), func(content []byte) []byte { return inGB18030(t, content) })
	}, []string{"2  encoding", "3  encoding", "11  encoding"}},
	"bytes of no encoding": {func(t *testing.T, w *world, m *returns.Manifest) {
		m.Encoding = returns.GB18030
		rewrite(t, w, m, rowsOf(0, 10), func(content []byte) []byte { return replaced("440106\r\n", "44\xff06\r\n")(inGB18030(t, content)) })
	}, []string{"2  encoding"}},
	"a comma in a name, not quoted": {func(t *testing.T, w *world, m *returns.Manifest) {
		rewrite(t, w, m, rowsOf(0, 10), replaced("测试3", "测,试3"))
	}, []string{"5  columns"}},
	"a short line": {func(t *testing.T, w *world, m *returns.Manifest) {
		rewrite(t, w, m, rowsOf(0, 10), replaced(",在发,440106\r\n", "\r\n"))
	}, []string{"2  columns"}},
	"a quote in a value": {func(t *testing.T, w *world, m *returns.Manifest) {
		rewrite(t, w, m, rowsOf(0, 10), replaced("测试4", `测"试4`))
	}, []string{"6  quote"}},
	"a repeated key": {func(t *testing.T, w *world, m *returns.Manifest) {
		rows := append(rowsOf(0, 10), rowOf(4))
		rewrite(t, w, m, rows, func(content []byte) []byte { return content })
	}, []string{"12  key-repeated"}},
	"values that do not fit": {func(t *testing.T, w *world, m *returns.Manifest) {
		rows := rowsOf(0, 10)
		rows[1][3], rows[2][0], rows[3][1], rows[4][4] = "many", "440106190001010000", "", "2025-13"
		rewrite(t, w, m, rows, func(content []byte) []byte { return content })
	}, []string{"3 YBTJE type", "4 SFZH identity", "5 XM required", "6 SCFFNY type"}},
	"another header": {func(t *testing.T, w *world, m *returns.Manifest) {
		rewrite(t, w, m, rowsOf(0, 10), replaced("SFZH,XM", "XM,SFZH"))
	}, []string{"0  header"}},
	"a manifest that lies about rows":  {func(_ *testing.T, _ *world, m *returns.Manifest) { m.Files[0].Rows++ }, []string{"0  manifest-rows"}},
	"a manifest that lies about sums":  {func(_ *testing.T, _ *world, m *returns.Manifest) { m.Files[0].Sums["YBTJE"] = "1" }, []string{"0 YBTJE manifest-sums"}},
	"a manifest that lies about bytes": {func(_ *testing.T, _ *world, m *returns.Manifest) { m.Files[0].Size++ }, []string{"0  manifest-size"}},
	"a manifest that lies about SM3": {func(_ *testing.T, _ *world, m *returns.Manifest) {
		m.Files[0].SM3 = strings.Repeat("0", 64)
	}, []string{"0  manifest-sm3"}},
	"a file that is not there": {func(t *testing.T, w *world, m *returns.Manifest) {
		if err := os.Remove(filepath.Join(w.folder, m.Files[0].Name)); err != nil {
			t.Fatal(err)
		}
	}, []string{"0  file-missing"}},
	"a record that does not end": {func(t *testing.T, w *world, m *returns.Manifest) {
		rewrite(t, w, m, rowsOf(0, 10), replaced("测试4", `"`+strings.Repeat("长", 1<<20)))
	}, []string{"0  record-too-long"}},
}

func TestBadDeliveries(t *testing.T) {
	w := newWorld(t)
	for name, c := range badDeliveries {
		t.Run(name, func(t *testing.T) {
			w.folder = t.TempDir()
			m := w.full(t, 1, rowsOf(0, 10))
			c.spoil(t, w, &m)
			delivery := w.imported(t, m)
			if delivery.State != returns.Refused {
				t.Fatalf("it is %s", delivery.State)
			}
			told := toldOf(delivery)
			for _, want := range c.want {
				if !strings.Contains(told, "full-1.csv:"+want+"\n") {
					t.Errorf("%q is not among\n%s", want, told)
				}
			}
			if name != "another encoding" && len(delivery.Findings.List) != len(c.want) {
				t.Errorf("more is told:\n%s", told)
			}
			encoded, err := json.Marshal(delivery.Findings)
			if err != nil || strings.Contains(string(encoded), "4401061") || strings.Contains(string(encoded), "测试") {
				t.Error("a value is told")
			}
			w.nothingKept(t, delivery)
		})
	}
}

func toldOf(d returns.Delivery) string {
	var out strings.Builder
	for _, one := range d.Findings.List {
		fmt.Fprintf(&out, "%s:%d %s %s\n", one.File, one.Line, one.Field, one.Rule)
	}
	return out.String()
}

// nothingKept makes sure that nothing is left of a refused delivery, nor served.
func (w *world) nothingKept(t *testing.T, d returns.Delivery) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var left int
	err = conn.QueryRow(t.Context(), "select count(*) from pg_class where relname = 'load_' || $1::bigint", d.Load).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("its table stands: %v", err)
	}
	if err := w.act(t, d.ID, returns.ActPublish); code(err) != "return-state" {
		t.Errorf("publish: %v", err)
	}
}

// TestManyFindings: all of a file is told, up to a bound.
func TestManyFindings(t *testing.T) {
	w := newWorld(t)
	rows := rowsOf(0, 1200)
	for _, one := range rows {
		one[5] = "不明"
	}
	delivery := w.imported(t, w.full(t, 1, rows))
	if delivery.State != returns.Refused || len(delivery.Findings.List) != 1000 || delivery.Findings.More != 200 {
		t.Errorf("%d told, %d more", len(delivery.Findings.List), delivery.Findings.More)
	}
}

// TestChangedWhileRead: somebody keeps writing to the file.
func TestChangedWhileRead(t *testing.T) {
	w := newWorld(t)
	m := w.full(t, 1, rowsOf(0, 5000))
	id := w.receive(t, m).ID
	file, err := os.OpenFile(filepath.Join(w.folder, m.Files[0].Name), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			default:
				_, _ = file.WriteAt([]byte("9"), m.Files[0].Size-3)
			}
		}
	}()
	delivery, err := w.Import(t.Context(), id, filesIn(t, w.folder), actor, func(returns.Progress) {})
	close(done)
	<-stopped
	if err != nil || delivery.State != returns.Refused || toldOf(delivery) != "full-1.csv:0  file-changed\n" {
		t.Errorf("%s, %v, %v", delivery.State, delivery.Findings, err)
	}
}

// TestRefusedManifests: what is wrong with a manifest itself refuses it at once.
func TestRefusedManifests(t *testing.T) {
	w := newWorld(t)
	sound := w.published(t, w.full(t, 1, rowsOf(0, 10))).Manifest
	for name, c := range map[string]struct {
		spoil       func(m *returns.Manifest)
		code, field string
	}{
		"a version again":         {func(m *returns.Manifest) { m.Version = 1; m.KeepUntil = m.KeepUntil.Add(time.Hour) }, "return-version", "/version"},
		"a version left out":      {func(m *returns.Manifest) { m.Version = 3 }, "return-version", "/version"},
		"made in the future":      {func(m *returns.Manifest) { m.Created = m.Created.Add(time.Hour) }, "return-clock", "/created"},
		"made before the last":    {func(m *returns.Manifest) { m.Created = m.Created.Add(-time.Minute) }, "return-clock", "/created"},
		"already ended":           {func(m *returns.Manifest) { m.KeepUntil = m.Created.Add(-time.Second) }, "manifest-invalid", "/keep_until"},
		"true before it was made": {func(m *returns.Manifest) { m.AsOf = m.Created.Add(time.Second) }, "manifest-invalid", "/as_of"},
		"no such dataset":         {func(m *returns.Manifest) { m.Dataset = "1010010001/000001" }, "dataset-unknown", ""},
		"another item version":    {func(m *returns.Manifest) { m.ItemVersion = 2 }, "manifest-invalid", "/item_version"},
		"an unknown column":       {func(m *returns.Manifest) { m.Columns = append(append([]string{}, m.Columns...), "QT") }, "manifest-invalid", "/columns"},
		"a column left out":       {func(m *returns.Manifest) { m.Columns = m.Columns[1:] }, "manifest-invalid", "/keys"},
		"other keys":              {func(m *returns.Manifest) { m.Keys = []string{"SFZH"} }, "manifest-invalid", "/keys"},
		"a file elsewhere":        {func(m *returns.Manifest) { m.Files[0].Name = "../full-1.csv" }, "manifest-invalid", "/files/0/name"},
		"an unknown layout":       {func(m *returns.Manifest) { m.Files[0].Layout = "dbf" }, "manifest-invalid", "/files/0/layout"},
		"no sums":                 {func(m *returns.Manifest) { m.Files[0].Sums = nil }, "manifest-invalid", "/files/0/sums"},
		"a gap in the watermark":  {func(m *returns.Manifest) { incremental(m, sound.AsOf.Add(time.Second)) }, "return-watermark", "/watermark/from"},
		"no base":                 {func(m *returns.Manifest) { incremental(m, sound.AsOf); m.Base = 0 }, "manifest-invalid", "/base"},
	} {
		t.Run(name, func(t *testing.T) {
			m := sound
			m.Version, m.Files = 2, []returns.File{sound.Files[0]}
			c.spoil(&m)
			document, signature := w.sign(t, m)
			_, _, err := w.Receive(t.Context(), document, signature, actor)
			if code(err) != c.code || fieldOf(err) != c.field {
				t.Errorf("%v at %q, want %s at %q", err, fieldOf(err), c.code, c.field)
			}
		})
	}
	document, signature := w.sign(t, sound)
	if _, _, err := w.Receive(t.Context(), append(document, ' '), signature, actor); code(err) != "token-signature-invalid" {
		t.Errorf("changed after it was signed: %v", err)
	}
	if found, pending, err := w.Receive(t.Context(), document, signature, actor); err != nil || pending != "" || found.State != returns.Published {
		t.Errorf("the same again: %s, %v", found.State, err)
	}
}

func incremental(m *returns.Manifest, from time.Time) {
	m.Kind, m.Base, m.Mark, m.Columns = returns.Incremental, 1, "CZLX", append(append([]string{}, m.Columns...), "CZLX")
	m.Watermark = &returns.Watermark{From: from, To: m.Created}
}

// TestLayouts: the same rows by every layout give the same content.
func TestLayouts(t *testing.T) {
	w := newWorld(t)
	rows := rowsOf(0, 30)
	rows[3][1], rows[4][1] = "测,试", "测\"试\n二" // both quoted
	want := w.imported(t, w.full(t, 1, rows)).Report.Content
	for version, c := range []struct {
		name, layout string
		encoding     returns.Encoding
		content      []byte
	}{
		{"with a mark.csv", "csv", returns.UTF8, append([]byte("\xef\xbb\xbf"), asCSV(columns, rows)...)},
		{"gb.csv", "csv", returns.GB18030, inGB18030(t, asCSV(columns, rows))},
		{"lines.jsonl", "jsonl", returns.UTF8, asJSONLines(t, rows)},
		{"book.xlsx", "xlsx", returns.UTF8, asWorkbook(t, rows)},
		{"exchange", "table", returns.UTF8, asCSV(columns, rows)},
	} {
		m := w.manifest(version+2, w.put(t, c.name, c.layout, c.content, rows, 3))
		m.Encoding = c.encoding
		delivery := w.imported(t, m)
		if delivery.State != returns.Reconciled || delivery.Report.Content != want {
			t.Errorf("%s: %s %v", c.name, delivery.State, delivery.Findings)
		}
	}
}

func asJSONLines(t *testing.T, rows []row) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, one := range rows {
		members := map[string]any{}
		for i, column := range columns {
			members[column] = one[i]
		}
		members["YBTJE"] = json.Number(one[3])
		line, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
	}
	return out.Bytes()
}

func asWorkbook(t *testing.T, rows []row) []byte {
	t.Helper()
	book := excelize.NewFile()
	for i, one := range append([]row{columns}, rows...) {
		for j, value := range one {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err == nil {
				err = book.SetCellStr("Sheet1", cell, value)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	out, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
