package replay

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kapok/gateway/ledger"
	"kapok/policies"
)

// memory is a store for the tests of this package; gateway/postgres has the real one.
type memory struct {
	parts   map[[ledger.PartSize]byte][]byte
	records []byte
}

func (m *memory) Decisions(_ context.Context, _ time.Time, begin func(map[[ledger.PartSize]byte][]byte), visit func([]byte) error) error {
	begin(m.parts)
	return visit(m.records)
}

func (m *memory) note(t testing.TB, set *policies.Set, in policies.Input) policies.Decision {
	t.Helper()
	d := set.Decide(in)
	note, err := Note(&in, d, "catalogue", Parts{})
	if err != nil {
		t.Fatal(err)
	}
	m.records = append(m.records, note.Record...)
	for _, part := range note.Parts {
		m.parts[part.Digest] = part.Text
	}
	return d
}

func input(t testing.TB, changes string) policies.Input {
	t.Helper()
	var in policies.Input
	base, err := os.ReadFile("../../policies/testdata/base.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{base, []byte(changes)} {
		if err := json.Unmarshal(text, &in); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// setWith is the example set and a district's rule more.
func setWith(t testing.TB, rule string) *policies.Set {
	t.Helper()
	files := fstest.MapFS{}
	for _, file := range []string{"schema.cedarschema", "national/sharing.cedar", "national/personal-information.cedar", "national/emergency.cedar", "province/guangdong.cedar", "district/tianhe.cedar"} {
		text, err := os.ReadFile("../../policies/" + file)
		if err != nil {
			t.Fatal(err)
		}
		files[file] = &fstest.MapFile{Data: text}
	}
	if rule != "" {
		files["district/more.cedar"] = &fstest.MapFile{Data: []byte("// 依据: 测试\n@id(\"more\") @zh(\"测试\") @en(\"test\") " + rule)}
	}
	set, err := policies.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// every is one request for each way in which person, case and time bear on a decision.
var every = []string{
	`{"Network": "10.1.2.3", "Grant": {"Networks": ["10.0.0.0/8"]}}`, `{"Network": "10.1.2.3", "Grant": {"Networks": ["192.168.0.0/16"]}}`,
	`{}`, `{"Grant": null}`, `{"Basis": null}`, `{"Basis": {"CaseNo": "DB-2026-000001"}}`, `{"Basis": {"CaseNo": "other"}}`,
	`{"Basis": {"Kind": "SEPARATE_CONSENT", "Subject": "3f1c0000000000000000000000000001"}}`,
	`{"Basis": {"Kind": "SEPARATE_CONSENT", "Subject": "somebody-else"}}`, `{"Basis": {"Kind": "SEPARATE_CONSENT"}}`,
	`{"Now": "2030-09-01T00:00:00+08:00", "Basis": {"Expires": "2031-01-01T00:00:00+08:00"}}`, // an expired grant
	`{"Now": "2027-01-01T00:00:00+08:00"}`, `{"Basis": {"State": "WITHDRAWN"}}`,
	`{"Ask": {"Operation": "COPY"}}`, `{"Ask": {"Operation": "COPY"}, "Basis": {"CaseNo": "DB-2026-000001"}}`,
	`{"Ask": {"Fields": ["phone", "id_number"]}}`, `{"Ask": {"Fields": ["name", "sex"]}}`,
	`{"Template": {"ID": "t", "Version": 1, "Fields": ["name"]}}`, `{"Item": {"SharedType": "不予"}}`,
}

// TestANoteDecidesAsTheRequestDid under whichever policies.
func TestANoteDecidesAsTheRequestDid(t *testing.T) {
	for _, set := range []*policies.Set{
		setWith(t, ""), setWith(t, `permit (principal, action, resource) when { context.case_bound };`),
	} {
		m := &memory{parts: map[[ledger.PartSize]byte][]byte{}}
		var want []policies.Decision
		for _, changes := range every {
			want = append(want, m.note(t, set, input(t, changes)))
		}
		l := newLibrary(m.parts)
		for i, changes := range every {
			var one decided
			if err := l.read(m.records[i*noteSize:(i+1)*noteSize], &one); err != nil {
				t.Fatal(err)
			}
			got := set.Decide(one.input)
			got.Basis = want[i].Basis // a note does not name it
			if diff := cmp.Diff(want[i], got); diff != "" {
				t.Errorf("%s (-decided +again):\n%s", changes, diff)
			}
		}
	}
}

// TestNotesHoldNobody: no reference to a person, a case or a basis.
func TestNotesHoldNobody(t *testing.T) {
	m := &memory{parts: map[[ledger.PartSize]byte][]byte{}}
	for _, changes := range every {
		m.note(t, setWith(t, ""), input(t, changes))
	}
	kept := string(m.records)
	for _, part := range m.parts {
		kept += string(part)
	}
	for _, secret := range []string{"3f1c0000", "somebody", "DB-2026", "b0000000000000000000000000000001"} {
		if strings.Contains(kept, secret) {
			t.Errorf("the notes hold %s", secret)
		}
	}
}

func TestReportTellsWhoGainsAndLoses(t *testing.T) {
	before := setWith(t, "")
	m := &memory{parts: map[[ledger.PartSize]byte][]byte{}}
	for range 3 {
		m.note(t, before, input(t, `{}`))
	}
	m.note(t, before, input(t, `{"Ask": {"Operation": "COPY"}}`))
	m.note(t, before, input(t, `{"Ask": {"Operation": "VERIFY"}}`))
	for _, c := range []struct {
		rule string
		want []Change
	}{
		{"", []Change{}},
		{`@remedy_zh("无") @remedy_en("none") forbid (principal, action == Action::"VIEW", resource);`, []Change{
			{Loses, "tianhe-minzheng", "tianhe-minzheng-dibao", "1010010001/000001", "VIEW", []string{"name", "household_address", "state"}, "allow notify", "policy-forbids", "more", 3},
		}},
		{`permit (principal, action == Action::"COPY", resource);`, []Change{
			{Gains, "tianhe-minzheng", "tianhe-minzheng-dibao", "1010010001/000001", "COPY", []string{"name", "household_address", "state"}, "policy-silent", "allow notify watermark", "more", 1},
		}},
		{`@obligation("mask:state") permit (principal, action == Action::"VERIFY", resource);`, []Change{
			{Duties, "tianhe-minzheng", "tianhe-minzheng-dibao", "1010010001/000001", "VERIFY", []string{"name", "household_address", "state"}, "allow notify", "allow notify mask:state", "national-statutory-duty", 1},
		}},
	} {
		report, err := Run(t.Context(), m, before, setWith(t, c.rule), time.Time{}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, report.Changes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.rule, diff)
		}
		if report.Decisions != 5 || report.Anew != 0 || report.Differing != 0 {
			t.Errorf("%+v", report)
		}
	}
	// Decided by an older set: the set in force says what it would have done.
	report, err := Run(t.Context(), m, setWith(t, `permit (principal, action == Action::"COPY", resource);`), before, time.Time{}, time.Now())
	if err != nil || report.Anew != 5 || len(report.Changes) != 1 || report.Changes[0].Effect != Loses {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestDamagedNotesAreAnError(t *testing.T) {
	m := &memory{parts: map[[ledger.PartSize]byte][]byte{}}
	m.note(t, setWith(t, ""), input(t, `{}`))
	for name, damaged := range map[string]*memory{
		"cut short": {m.parts, m.records[:noteSize-1]},
		"no parts":  {nil, m.records},
	} {
		if _, err := Run(t.Context(), damaged, setWith(t, ""), setWith(t, ""), time.Time{}, time.Now()); err == nil {
			t.Errorf("%s: replayed all the same", name)
		}
	}
}

// BenchmarkReplay decides a million notes again, expired grants among them.
func BenchmarkReplay(b *testing.B) {
	set := setWith(b, "")
	m := &memory{parts: map[[ledger.PartSize]byte][]byte{}}
	for _, changes := range every {
		m.note(b, set, input(b, changes))
	}
	const million = 1_000_000
	few := m.records
	for len(m.records) < million*noteSize {
		m.records = append(m.records, few...)
	}
	store := blocks{m}
	b.ResetTimer()
	for range b.N {
		report, err := Run(b.Context(), store, set, setWith(b, `@remedy_zh("无") @remedy_en("none") forbid (principal, action == Action::"COPY", resource);`), time.Time{}, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(report.Decisions)/report.Took.Seconds(), "decisions/s")
	}
}

// blocks hands notes on as the real store does.
type blocks struct{ *memory }

func (s blocks) Decisions(_ context.Context, _ time.Time, begin func(map[[ledger.PartSize]byte][]byte), visit func([]byte) error) error {
	begin(s.parts)
	const size = 1000 * noteSize
	for rest := s.records; len(rest) > 0; rest = rest[min(size, len(rest)):] {
		if err := visit(rest[:min(size, len(rest))]); err != nil {
			return err
		}
	}
	return nil
}
