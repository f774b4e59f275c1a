package gjgxjhpt_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/connectors/connectortest"
	"kapok/crypto/sm"
)

func serve(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func isFault(err error, want connectors.Fault) bool { return errors.Is(err, want) }

// recorder stands between the connector and the sandbox and keeps what passes.
func recorder(t testing.TB, target string, keep func(req *http.Request, question, answer []byte)) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		passed, err := http.NewRequestWithContext(r.Context(), r.Method, target+r.URL.Path, bytes.NewReader(question))
		if err != nil {
			t.Error(err)
		}
		passed.Header = r.Header
		res, err := http.DefaultClient.Do(passed)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		keep(r, question, answer)
		w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
		w.WriteHeader(res.StatusCode)
		_, _ = w.Write(answer)
	})
}

// The identity number stands in the body of the business call and nowhere else,
// and the digest is that of the body as it came.
func TestWhatIsSent(t *testing.T) {
	s := connectortest.StartSandbox(t, "--app-key", appKey)
	number := s.Citizens(t)[0].IDNumber
	var last []byte
	proxy := recorder(t, s.URL, func(r *http.Request, question, answer []byte) {
		last = answer
		for name, values := range r.Header {
			if bytes.Contains([]byte(name+values[0]), []byte(number)) {
				t.Errorf("the number stands in the header %s", name)
			}
		}
		if _, sent := r.Header["Idempotency-Key"]; sent {
			t.Error("the transport's own mark was sent")
		}
		var members map[string]string
		if err := json.Unmarshal(question, &members); err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/gjgxjhpt/service" && (len(members) != 1 || members["GMSFHM"] != number) {
			t.Errorf("the question has %d members", len(members))
		}
	})
	connector := candidate("cbc").New(t, connectortest.Sandbox{URL: proxy})
	answer, err := connector.Fetch(t.Context(), connectors.Query{Subject: identity(t, number)})
	if err != nil {
		t.Fatal(err)
	}
	if answer.BodyDigest != sm.Sum(last) {
		t.Error("the digest is not that of the body")
	}
}

func TestAnswersTooLargeAreRefused(t *testing.T) {
	source := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		filler := bytes.Repeat([]byte(" "), 64<<10)
		for range 32 {
			if _, err := w.Write(filler); err != nil {
				return
			}
		}
	})
	connector := candidate("cbc").New(t, connectortest.Sandbox{URL: source})
	_, err := connector.Fetch(t.Context(), connectors.Query{Subject: identity(t, "11010519491231002X")})
	if !isFault(err, connectors.ErrGarbage) {
		t.Errorf("%v, want garbage", err)
	}
}

// BenchmarkFetch against BenchmarkBareCall shows what the connector adds to an
// HTTP call that reads the same body from the same program.
func BenchmarkFetch(b *testing.B) {
	s := connectortest.StartSandbox(b, "--app-key", appKey)
	connector := candidate("cbc").New(b, s)
	subject := identity(b, s.Citizens(b)[0].IDNumber)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := connector.Fetch(b.Context(), connectors.Query{Subject: subject}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareCall(b *testing.B) {
	s := connectortest.StartSandbox(b, "--app-key", appKey)
	var header http.Header
	var question []byte
	proxy := recorder(b, s.URL, func(r *http.Request, asked, _ []byte) { header, question = r.Header, asked })
	ask(b, candidate("cbc").New(b, connectortest.Sandbox{URL: proxy}), s.Citizens(b)[0].IDNumber)
	client := connectors.HTTPClient()
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+"/gjgxjhpt/service", bytes.NewReader(question))
		if err != nil {
			b.Fatal(err)
		}
		req.Header = header
		res, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			b.Fatal(err)
		}
		res.Body.Close()
	}
}

// canned answers without a network, so that what is measured is the connector.
type canned struct{ answer []byte }

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	body := c.answer
	if r.URL.Path == "/gjgxjhpt/key" { // the protocol's vector, sealed for test-appkey-0001
		body = []byte(`{"code":"0","data":{"secret":"tRgYlSjgzxUuKBdMNZnmIGTZP2I/KMnuH0HtxHEdZi4=","secretEndTime":"4102444800000"}}`)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}, nil
}

// BenchmarkOwnWork is what one call costs beside its network: signing, asking
// through net/http's client, reading and checking a record of 14 fields.
func BenchmarkOwnWork(b *testing.B) {
	answer := []byte(`{"code":"0","data":{"records":[{"GMSFHM":"11010519491231002X","XM":"测试甲","XB":"男","MZ":"汉族","CSRQ":"1949-12-31","CSD":"广东省广州市天河区","JG":"广东广州","HJDZ":"广东省广州市天河区测试路1号101房","HH":"440106000001","YHZGX":"户主","HNRS":3,"HKXZ":"家庭户","HJZT":"正常","LXDH":"10000000001"}],"asOf":"2026-03-01T08:00:00+08:00"},"message":"成功"}`)
	knowsVector := func(string) (string, error) { return "test-appkey-0001", nil }
	connector, err := builtin.New("gjgxjhpt", settings("http://source.test", "cbc"), builtin.World{Secrets: knowsVector, Client: &http.Client{Transport: canned{answer}}})
	if err != nil {
		b.Fatal(err)
	}
	subject := identity(b, "11010519491231002X")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := connector.Fetch(b.Context(), connectors.Query{Subject: subject}); err != nil {
			b.Fatal(err)
		}
	}
}
