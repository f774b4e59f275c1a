package gjgxjhpt

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/gateway"
)

// number is the published example of GB 11643.
const number = "11010519491231002X"

func subject(t testing.TB) gateway.Identity {
	t.Helper()
	id, err := gateway.ParseIdentity(gateway.CitizenID, number)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func household(t testing.TB) reading {
	t.Helper()
	l, err := Settings{SubjectField: "GMSFHM", Records: "/data/records", AsOf: "/data/asOf"}.layout()
	if err != nil {
		t.Fatal(err)
	}
	return reading{l}
}

// reading is what a connector does with a body.
type reading struct{ layout jsonrecords.Layout }

func (r reading) read(body []byte, subject gateway.Identity) (connectors.Answer, error) {
	whole, err := envelope(body)
	if err != nil {
		return connectors.Answer{}, err
	}
	return r.layout.Read(whole, subject)
}

func TestReadAnswer(t *testing.T) {
	beijing := time.FixedZone("UTC+8", 8*60*60)
	cases := []struct {
		name, body string
		want       connectors.Answer
	}{
		{"one record, a number kept as written",
			`{"code":"0","data":{"records":[{"GMSFHM":"11010519491231002X","HNRS":3,"BZ":null,"YX":true}],"asOf":"2026-03-01"}}`,
			connectors.Answer{
				Records: []connectors.Record{{"GMSFHM": number, "HNRS": "3", "BZ": "", "YX": "true"}},
				AsOf:    time.Date(2026, 3, 1, 0, 0, 0, 0, beijing).UTC(),
			}},
		{"one record, not in an array", `{"code":0,"data":{"records":{"GMSFHM":"11010519491231002X"}}}`,
			connectors.Answer{Records: []connectors.Record{{"GMSFHM": number}}}},
		{"the check character in lower case", `{"code":"0","data":{"records":[{"GMSFHM":"11010519491231002x"}],"asOf":null}}`,
			connectors.Answer{Records: []connectors.Record{{"GMSFHM": "11010519491231002x"}}}},
		{"no record", `{"code":"0","data":{"records":[]}}`, connectors.Answer{}},
		{"space and escapes", " {\n\"code\" : \"0\" ,\t\"data\":{ \"records\" : [ { \"GMSFHM\":\"11010519491231002\\u0058\" , \"XM\":\"\\\"}]测\\\\\" } ] } }\r\n",
			connectors.Answer{Records: []connectors.Record{{"GMSFHM": number, "XM": "\"}]测\\"}}}},
		{"no record, said by null", `{"code":"0","data":{"records":null}}`, connectors.Answer{}},
	}
	for _, c := range cases {
		got, err := household(t).read([]byte(c.body), subject(t))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestReadAnswerRefused(t *testing.T) {
	cases := []struct {
		name, body string
		want       error
	}{
		{"not JSON", `<html>11010519491231002X</html>`, connectors.ErrGarbage},
		{"half", `{"code":"0","data":{"records":[{"GMSFHM":"110105194912`, connectors.ErrGarbage},
		{"two values", `{"code":"0","data":{"records":[]}} {}`, connectors.ErrGarbage},
		{"not UTF-8", "{\"code\":\"0\",\"data\":{\"records\":[{\"GMSFHM\":\"11010519491231002X\",\"XM\":\"\xb2\xe2\"}]}}", connectors.ErrGarbage},
		{"null", `null`, connectors.ErrGarbage},
		{"no code", `{"data":{"records":[]}}`, connectors.ErrGarbage},
		{"code is an object", `{"code":{},"data":{"records":[]}}`, connectors.ErrGarbage},
		{"no data", `{"code":"0"}`, connectors.ErrGarbage},
		{"data is text", `{"code":"0","data":"11010519491231002X"}`, connectors.ErrGarbage},
		{"two codes", `{"code":"0","code":"E-301","data":{"records":[]}}`, connectors.ErrGarbage},
		{"two data", `{"code":"0","data":{"records":[]},"data":{"records":[]}}`, connectors.ErrGarbage},
		{"a field twice", `{"code":"0","data":{"records":[{"GMSFHM":"440106199001010016","GMSFHM":"11010519491231002X"}]}}`, connectors.ErrGarbage},
		{"a record is text", `{"code":"0","data":{"records":["11010519491231002X"]}}`, connectors.ErrGarbage},
		{"no records member", `{"code":"0","data":{}}`, connectors.ErrGarbage},
		{"records are text", `{"code":"0","data":{"records":"11010519491231002X"}}`, connectors.ErrGarbage},
		{"a record is null", `{"code":"0","data":{"records":[null]}}`, connectors.ErrGarbage},
		{"a value is an object", `{"code":"0","data":{"records":[{"GMSFHM":"11010519491231002X","XM":{}}]}}`, connectors.ErrGarbage},
		{"another person", `{"code":"0","data":{"records":[{"GMSFHM":"440106199001010016"}]}}`, connectors.ErrGarbage},
		{"the second is another person", `{"code":"0","data":{"records":[{"GMSFHM":"11010519491231002X"},{"GMSFHM":"440106199001010016"}]}}`, connectors.ErrGarbage},
		{"nobody's record", `{"code":"0","data":{"records":[{"XM":"测试甲"}]}}`, connectors.ErrGarbage},
		{"a time of no form", `{"code":"0","data":{"records":[],"asOf":"11010519491231002X"}}`, connectors.ErrGarbage},
		{"refused", `{"code":"E-301","message":"无权查询11010519491231002X"}`, connectors.ErrRefused},
		{"refused with data", `{"code":"E-301","data":{"records":[]}}`, connectors.ErrRefused},
		{"refused by a code that tells", `{"code":"11010519491231002X 无权"}`, connectors.ErrRefused},
		{"not authorised", `{"code":-1}`, errNotAuthorised},
		{"not authorised, by name", `{"code":"E-106"}`, errNotAuthorised},
	}
	for _, c := range cases {
		got, err := household(t).read([]byte(c.body), subject(t))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), number) || got.Records != nil {
			t.Errorf("%s: something leaked: %v %v", c.name, err, got)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(`{"code":"0","data":{"records":[{"GMSFHM":"11010519491231002X","HNRS":3}],"asOf":"20260301"}}`))
	f.Add([]byte(`{"code":"E-301","message":"no"}`))
	f.Add([]byte(`{"code":"0","data":{"records":{}}}`))
	l, id := household(f), subject(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := l.read(body, id)
		if err != nil {
			if faults(err) != 1 {
				t.Errorf("%v matches %d faults", err, faults(err))
			}
			return
		}
		if !json.Valid(body) {
			t.Error("an answer was read out of what is not JSON")
		}
		for _, record := range answer.Records {
			if !strings.EqualFold(record["GMSFHM"], number) {
				t.Errorf("a record about somebody else passed: %v", record)
			}
		}
	})
}

func FuzzReadKey(f *testing.F) {
	f.Add([]byte(`{"code":"0","data":{"secret":"tRgYlSjgzxUuKBdMNZnmIGTZP2I/KMnuH0HtxHEdZi4=","secretEndTime":"1900000000000"}}`))
	s := Settings{AppKey: "test-appkey-0001", Cipher: "cbc"}
	now := time.UnixMilli(1700000000000)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := s.readKey(body, now)
		if err == nil && (len(got.key) == 0 || !got.end.After(now)) {
			t.Errorf("a useless secret passed: %v", got)
		}
		if err != nil && faults(err) != 1 {
			t.Errorf("%v matches %d faults", err, faults(err))
		}
	})
}

func faults(err error) (count int) {
	for _, fault := range []error{connectors.ErrUnavailable, connectors.ErrTimeout, connectors.ErrRefused, connectors.ErrGarbage} {
		if errors.Is(err, fault) {
			count++
		}
	}
	return count
}

func BenchmarkReadAnswer(b *testing.B) {
	body := []byte(`{"code":"0","data":{"records":[{"GMSFHM":"11010519491231002X","XM":"测试甲","XB":"男","MZ":"汉族","CSRQ":"1949-12-31","CSD":"广东省广州市天河区","JG":"广东广州","HJDZ":"广东省广州市天河区测试路1号101房","HH":"440106000001","YHZGX":"户主","HNRS":3,"HKXZ":"家庭户","HJZT":"正常","LXDH":"10000000001"}],"asOf":"2026-03-01T08:00:00+08:00"},"message":"成功"}`)
	l, id := household(b), subject(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.read(body, id); err != nil {
			b.Fatal(err)
		}
	}
}
