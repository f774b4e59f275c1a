package files_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
	"kapok/crypto/sm"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

func open(t testing.TB, given, change map[string]string) connectors.Connector {
	t.Helper()
	given = maps.Clone(given)
	maps.Copy(given, change)
	connector, err := builtin.New("files", given, builtin.World{Secrets: func(string) (string, error) { return "password-of-this-test", nil }})
	if err != nil {
		t.Fatal(err)
	}
	return connector
}

func TestSFTP(t *testing.T) {
	connectortest.Run(t, connectortest.Candidate{
		SID: "drop-household", NameField: "XM", NumberField: "GMSFHM",
		Flags: []string{"--sftp", "127.0.0.1:0", "--sftp-password", "password-of-this-test"},
		Wants: map[string]error{
			"expired-key":     connectors.ErrRefused,
			"down":            nil,                       // the next connection serves
			"half":            connectors.ErrUnavailable, // there is no whole file
			"wrong-signature": connectors.ErrGarbage,     // the digest beside the file
		},
		Lacks: map[string]string{"wrong-person": "a row is found by the number in it; see TestChangeBeneath"},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			if strings.HasSuffix(s.URL, ":1") {
				return open(t, overSFTP, map[string]string{"host": "127.0.0.1", "port": "1", "host_key": someKey})
			}
			address, hostKey := s.SFTP(t)
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				t.Fatal(err)
			}
			another := open(t, overSFTP, map[string]string{"host": host, "port": port, "host_key": someKey})
			_, err = another.Fetch(t.Context(), connectors.Query{Subject: connectortest.Subject(t, s.Citizens(t)[0].IDNumber)})
			if !errors.Is(err, connectors.ErrGarbage) {
				t.Errorf("a server with another key: %v", err)
			}
			return open(t, overSFTP, map[string]string{"host": host, "port": port, "host_key": hostKey})
		},
	})
}

// someKey is the public half of a host key that nobody has.
const someKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBu5EqcNLM61yfupu/PeWyWdWwXoj9v6Pt9JwjmMxYau"

var overSFTP = map[string]string{"folder": "/drop", "name": "household*.csv", "subject_column": "GMSFHM", "digest": ".sm3", "user": "kapok", "user_secret": "drop"}

// folder is where a test drops files.
type folder struct {
	dir      string
	citizens []connectortest.Citizen
}

var header = []string{"idcard", "name", "c", "d", "e", "f", "g", "h", "i", "address"}

func (f folder) rows() []byte {
	var out bytes.Buffer
	rows := csv.NewWriter(&out)
	_ = rows.Write(header)
	for _, citizen := range f.citizens {
		_ = rows.Write([]string{citizen.IDNumber, citizen.Name, "", "1", "2", "3", "4", "5", "6", "测试路1号, 2\"楼"})
	}
	rows.Flush()
	return out.Bytes()
}

// drop writes a file and says of when it is.
func (f folder) drop(t testing.TB, name string, content []byte, age time.Duration) {
	t.Helper()
	file := filepath.Join(f.dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

func (f folder) settings() map[string]string {
	return map[string]string{"folder": f.dir, "name": "household*.csv", "subject_column": "idcard"}
}

func (f folder) ask(t testing.TB, connector connectors.Connector) (connectors.Answer, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return connector.Fetch(ctx, connectors.Query{Subject: connectortest.Subject(t, f.citizens[0].IDNumber)})
}

func TestFolder(t *testing.T) {
	f := folder{dir: t.TempDir()}
	order := func(t testing.TB, _ connectortest.Sandbox, fault connectortest.Fault) {
		t.Helper()
		switch fault.Kind {
		case "500":
			if err := os.Rename(f.dir, f.dir+"-away"); err != nil {
				t.Fatal(err)
			}
		case "garbage":
			f.drop(t, "household.csv", bytes.ReplaceAll(f.rows(), []byte("测试"), []byte("\xb2\xe2\xca\xd4")), 40*time.Minute)
		case "half":
			f.drop(t, "household.csv", f.rows()[:1200], 40*time.Minute)
		case "wrong-content":
			f.drop(t, "household.csv", []byte("<html>请登录</html>\n"), 40*time.Minute)
		}
	}
	folderOnly := "a folder of this machine has no such thing"
	connectortest.Run(t, connectortest.Candidate{
		SID: "folder", NameField: "name", NumberField: "idcard", Order: order,
		Cancel: func(t testing.TB, _ connectortest.Sandbox) {
			_ = os.Rename(f.dir+"-away", f.dir) // where it was moved away
			f.drop(t, "household.csv", f.rows(), 30*time.Minute)
		},
		Wants: map[string]error{"half": connectors.ErrUnavailable},
		Lacks: map[string]string{
			"slow": folderOnly, "down": folderOnly, "refused": folderOnly, "expired-key": folderOnly,
			"wrong-signature": "see TestDigest", "wrong-person": "see TestChangeBeneath",
		},
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			if strings.HasSuffix(s.URL, ":1") {
				return open(t, f.settings(), map[string]string{"folder": f.dir + "/absent"})
			}
			f.citizens = s.Citizens(t)
			f.drop(t, "household.csv", f.rows(), 30*time.Minute)
			return open(t, f.settings(), nil)
		},
	})
}

func someFolder(t testing.TB) folder {
	return folder{dir: t.TempDir(), citizens: []connectortest.Citizen{
		{IDNumber: "11010519491231002X", Name: "测试甲"}, {IDNumber: "440524188001010014", Name: "测试乙"},
	}}
}

// The newest whole file serves; one that is being written does not.
func TestNewestWholeFile(t *testing.T) {
	f := someFolder(t)
	f.drop(t, "household-1.csv", f.rows(), 24*time.Hour)
	connector := open(t, f.settings(), nil)
	expect := func(what, origin string) {
		t.Helper()
		answer, err := f.ask(t, connector)
		if err != nil || len(answer.Records) != 1 || answer.Origin != origin {
			t.Errorf("%s: %q, %v", what, answer.Origin, err)
		}
	}
	expect("the only one", "household-1.csv:2")
	f.drop(t, "household-2.csv", f.rows()[:40], time.Minute)
	expect("half a newer one", "household-1.csv:2")
	f.drop(t, "household-2.csv", f.rows(), 0)
	expect("a newer one, still warm", "household-1.csv:2")
	f.drop(t, "household-2.csv", f.rows(), time.Minute)
	expect("a newer one", "household-2.csv:2")
	f.drop(t, "household-3.csv", []byte("idcard,name\n"+f.citizens[0].IDNumber+"\n"), 30*time.Second)
	if _, err := f.ask(t, connector); !errors.Is(err, connectors.ErrGarbage) || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), f.citizens[0].IDNumber) {
		t.Errorf("a short line in the newest: %v", err)
	}
}

// A file whose bytes change under its name, size and time is caught by what stands in
// the row.
func TestChangeBeneath(t *testing.T) {
	f := someFolder(t)
	f.drop(t, "household.csv", f.rows(), time.Minute)
	connector := open(t, f.settings(), nil)
	if _, err := f.ask(t, connector); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(f.dir, "household.csv")
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := folder{f.dir, []connectortest.Citizen{f.citizens[1], f.citizens[0]}}
	if err := os.WriteFile(file, changed.rows(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ask(t, connector); !errors.Is(err, connectors.ErrAnotherPerson) {
		t.Errorf("another person's row: %v", err)
	}
	later := before.ModTime().Add(time.Second)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if answer, err := f.ask(t, connector); err != nil || answer.Origin != "household.csv:3" {
		t.Errorf("%q, %v", answer.Origin, err)
	}
}

func TestDigest(t *testing.T) {
	f := someFolder(t)
	connector := open(t, f.settings(), map[string]string{"digest": ".sm3"})
	f.drop(t, "household.csv", f.rows(), 0)
	if _, err := f.ask(t, connector); !errors.Is(err, connectors.ErrUnavailable) {
		t.Errorf("without its digest: %v", err)
	}
	digest := sm.Sum(f.rows())
	f.drop(t, "household.csv.sm3", []byte(hex.EncodeToString(digest[:])+"\n"), 0)
	if _, err := f.ask(t, connector); err != nil {
		t.Error(err)
	}
	f.drop(t, "household.csv", bytes.ReplaceAll(f.rows(), []byte("路1号"), []byte("路2号")), time.Minute)
	if _, err := f.ask(t, connector); !errors.Is(err, connectors.ErrGarbage) {
		t.Errorf("another content than the digest's: %v", err)
	}
}

func TestFormats(t *testing.T) {
	f := someFolder(t)
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes(f.rows())
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(map[string]any{"idcard": f.citizens[0].IDNumber, "name": f.citizens[0].Name, "n": 3})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		change  map[string]string
	}{
		"csv, GB 18030":      {gbk, map[string]string{"encoding": "gb18030"}},
		"csv with a mark":    {append([]byte("\ufeff"), f.rows()...), nil},
		"csv of old Windows": {bytes.ReplaceAll(f.rows(), []byte("\n"), []byte("\r\n")), nil},
		"JSON lines":         {append(append([]byte("\n"), line...), '\n'), map[string]string{"format": "jsonl"}},
	} {
		f.drop(t, "household.csv", c.content, time.Minute)
		answer, err := f.ask(t, open(t, f.settings(), c.change))
		if err != nil || len(answer.Records) != 1 || answer.Records[0]["name"] != "测试甲" {
			t.Errorf("%s: %v, %v", name, answer.Records, err)
		}
	}
	for name, content := range map[string]string{
		"nothing":           "",
		"no header":         "\n",
		"a name twice":      "idcard,idcard\n",
		"an open quote":     "idcard,name\n\"a,b\n",
		"a value too many":  "idcard,name\n1,2,3\n",
		"no subject column": "number,name\n1,2\n",
		"another encoding":  "idcard,name\n1,\xb2\xe2\n",
		"one person, often": "idcard\n" + strings.Repeat("1\n", 20),
	} {
		f.drop(t, "household.csv", []byte(content), time.Minute)
		answer, err := f.ask(t, open(t, f.settings(), nil))
		if err == nil || len(answer.Records) > 0 {
			t.Errorf("%s was taken: %v", name, answer.Records)
		}
	}
}

func TestSettingsRefused(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"a folder from here":       {"folder": "drop"},
		"a folder that climbs":     {"folder": "/drop/../etc"},
		"a name in another folder": {"name": "../*.csv"},
		"no subject":               {"subject_column": ""},
		"a format of its own":      {"format": "xls"},
		"JSON in GB 18030":         {"format": "jsonl", "encoding": "gb18030"},
		"a server without a key":   {"host": "sftp.example", "user": "kapok"},
		"a key that is none":       {"host": "sftp.example", "user": "kapok", "user_secret": "s", "host_key": "ssh-ed25519 x"},
		"a user without a server":  {"user": "kapok"},
		"a misspelt setting":       {"foldr": "/drop"},
	} {
		given := map[string]string{"folder": "/drop", "name": "a*.csv", "subject_column": "idcard"}
		maps.Copy(given, change)
		if _, err := builtin.New("files", given, builtin.World{Secrets: func(string) (string, error) { return "x", nil }}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// BenchmarkLookup is one question to a file of 100,000 rows.
func BenchmarkLookup(b *testing.B) {
	f := someFolder(b)
	var all bytes.Buffer
	all.Write(f.rows())
	for i := range 100_000 {
		fmt.Fprintf(&all, "%018d,测试%d,,1,2,3,4,5,6,7\n", i, i)
	}
	f.drop(b, "household.csv", all.Bytes(), time.Minute)
	connector := open(b, f.settings(), nil)
	for b.Loop() {
		if _, err := f.ask(b, connector); err != nil {
			b.Fatal(err)
		}
	}
}
