package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"kapok/gateway"
)

var trial = map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"}

func loadExample(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load(Example(), trial)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExampleLoads(t *testing.T) {
	c := loadExample(t)
	item, known := c.Item("1010010001/000001")
	if !known || item.Name != "居民户籍登记信息" || item.SharedType != Conditional || item.Version != 1 {
		t.Fatalf("item = %+v, %v", item, known)
	}
	if field, known := item.Field("household_address"); !known || field.Label != "户籍地址" || field.SourceName != "HJDZ" {
		t.Errorf("field = %+v, %v", field, known)
	}
	if want := time.Date(2025, 8, 1, 0, 0, 0, 0, time.UTC); !item.Published.Equal(want) {
		t.Errorf("published = %v, want %v", item.Published, want)
	}
	if !item.Serves(gateway.CitizenID) || item.Serves(gateway.CreditCode) {
		t.Error("the item serves citizens and nobody else")
	}
	grants := c.Grants("tianhe-minzheng-dibao", "1010010001/000001")
	if len(grants) != 1 || grants[0].ID != "grant-dibao-household" || grants[0].Operations[0] != gateway.Verify {
		t.Errorf("grants = %+v", grants)
	}
	if _, known := c.Item("no-such"); known {
		t.Error("an item that is not there was found")
	}
}

func TestPlaceholdersAreFilled(t *testing.T) {
	c := loadExample(t)
	connection, known := c.Connection("1010010001/000001")
	want := Connection{Source: "national-platform", Protocol: "gjgxjhpt", Timeout: 3 * time.Second, Settings: map[string]string{
		"url": "http://127.0.0.1:8641/gjgxjhpt/service", "key_url": "http://127.0.0.1:8641/gjgxjhpt/key",
		"rid": "rid-440106-kapok", "app_key": "national-platform-app-key", "cipher": "cbc",
		"sid": "sid-mps-household-0001", "subject_param": "GMSFHM", "records": "/data/records", "as_of": "/data/asOf",
	}}
	if diff := cmp.Diff(want, connection); !known || diff != "" {
		t.Errorf("connection (-want +got):\n%s", diff)
	}
	if _, known := c.Connection("1010010004/000001"); known {
		t.Error("an item that is not shared has a connection")
	}
	if person, known := c.Staff(trial["OIDC_ISSUER"], "staff-bureau-01"); !known || !person.Has(Bureau) || person.Has(Approver) {
		t.Errorf("staff = %+v, %v", person, known)
	}
	if _, known := c.Staff("https://elsewhere.example", "staff-bureau-01"); known {
		t.Error("another issuer's subject was taken for ours")
	}
}

func TestDigestSpeaksOfTheContentOnly(t *testing.T) {
	first := loadExample(t).Digest()
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(first) {
		t.Fatalf("digest = %q", first)
	}
	elsewhere, err := Load(Example(), map[string]string{"SANDBOX_URL": "https://elsewhere.example", "OIDC_ISSUER": "https://id.example"})
	if err != nil {
		t.Fatal(err)
	}
	if elsewhere.Digest() != first {
		t.Error("the digest depends on what the placeholders stand for")
	}
	if respread := mustLoad(t, respread(t)).Digest(); respread != first {
		t.Error("the digest depends on how the content is spread over files")
	}
	changed := exampleFiles(t)
	changed["grants.yaml"].Data = []byte(strings.Replace(string(changed["grants.yaml"].Data), "rate_per_second: 2000", "rate_per_second: 2001", 1))
	if mustLoad(t, changed).Digest() == first {
		t.Error("the digest did not notice a changed grant")
	}
}

func mustLoad(t *testing.T, folder fstest.MapFS) *Catalog {
	t.Helper()
	c, err := Load(folder, trial)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func exampleFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := filepath.WalkDir("data", func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		files[strings.TrimPrefix(file, "data/")] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// respread moves the first item's file under another name in another folder.
func respread(t *testing.T) fstest.MapFS {
	t.Helper()
	files := exampleFiles(t)
	files["z/moved.yaml"] = files["items/household.yaml"]
	delete(files, "items/household.yaml")
	return files
}

// TestMistakes reads testdata/*.txtar: files that together hold one mistake or
// more, and the complete list of problems that they must give.
func TestMistakes(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archive: %v", err)
	}
	for _, file := range archives {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			folder, want := fstest.MapFS{}, ""
			for _, part := range archive.Files {
				if part.Name == "problems" {
					want = strings.TrimSpace(string(part.Data))
					continue
				}
				folder[part.Name] = &fstest.MapFile{Data: part.Data}
			}
			got := ""
			if _, err := Load(folder, trial); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachLineOfTheExampleMatters(t *testing.T) {
	for file, content := range exampleFiles(t) {
		lines := strings.Split(string(content.Data), "\n")
		for at, line := range lines {
			if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			folder := exampleFiles(t)
			changed := append([]string{}, lines...)
			changed[at] = strings.Replace(line, ": ", "_x: ", 1)
			if changed[at] == line {
				continue
			}
			folder[file].Data = []byte(strings.Join(changed, "\n"))
			// Settings are the connector's words, which the catalogue does not know.
			if _, err := Load(folder, trial); err == nil && !inSettings(lines, at) {
				t.Errorf("%s:%d: a misspelt key was accepted", file, at+1)
			}
		}
	}
}

func inSettings(lines []string, at int) bool {
	indent := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	for above := at; above >= 0; above-- {
		if indent(lines[above]) < indent(lines[at]) {
			return strings.Contains(lines[above], "settings:")
		}
	}
	return false
}

func TestAcceptsValues(t *testing.T) {
	c := loadExample(t)
	household, _ := c.Item("1010010001/000001")
	cases := []struct {
		field, value string
		want         bool
	}{
		{"birth_date", "1950-02-28", true}, {"birth_date", "1950-02-30", false}, {"birth_date", "", false},
		{"household_size", "3", true}, {"household_size", "三", false}, {"household_size", "", true},
		{"sex", "女", true}, {"sex", "F", false},
		{"native_place", "广东广州", true},
	}
	for _, c := range cases {
		field, known := household.Field(c.field)
		if !known || field.Accepts(c.value) != c.want {
			t.Errorf("%s accepts %q: want %v", c.field, c.value, c.want)
		}
	}
}

func TestNoFileIsAnError(t *testing.T) {
	if _, err := Load(fstest.MapFS{"README.md": {Data: []byte("nothing")}}, nil); err == nil {
		t.Error("an empty folder made a catalogue")
	}
}

// tenThousand is a folder of so many items more than the example's, a file each.
func tenThousand(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for name, file := range exampleFiles(t) {
		files[name] = file.Data
	}
	template := string(files["items/assistance.yaml"])
	for i := range 10_000 {
		content := strings.Replace(template, "2030010002/000001", "203001"+strconv.Itoa(1000+i)+"/000002", 1)
		files[fmt.Sprintf("bulk/%05d.yaml", i)] = []byte(content)
	}
	return files
}

// TestLoadsTenThousandItems keeps the loader from growing faster than its files. It
// counts processor time, for which it is no matter what else the machine does; the
// benchmark below gives the figure.
func TestLoadsTenThousandItems(t *testing.T) {
	if testing.Short() {
		t.Skip("loads 10,000 items")
	}
	files, before := tenThousand(t), processor(t)
	c, err := LoadFiles(files, trial)
	if err != nil {
		t.Fatal(err)
	}
	took := processor(t) - before
	t.Logf("%d items in %v of processor time", len(c.items), took)
	if took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// BenchmarkLoadTenThousandItems: the aim is 2 s for one on two quiet processors.
func BenchmarkLoadTenThousandItems(b *testing.B) {
	files := tenThousand(b)
	before := processor(b)
	for b.Loop() {
		if _, err := LoadFiles(files, trial); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processor(b)-before).Seconds()/float64(b.N), "cpu-s/op")
}

// processor is what this process has had of the processors, in all.
func processor(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func FuzzLoad(f *testing.F) {
	for _, content := range exampleFiles(f) {
		f.Add(string(content.Data))
	}
	f.Add("items: [{code: &a x}, *a]")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, content string) {
		c, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(content)}}, trial)
		if (c == nil) == (err == nil) {
			t.Error("either a catalogue or an error")
		}
	})
}
