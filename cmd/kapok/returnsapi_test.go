package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// sending is somebody who is signed in and changes something.
type sending struct {
	*browser
	csrf string
}

func (w *world) sender(who string) sending {
	w.t.Helper()
	s := sending{browser: w.signIn(0, who)}
	var me struct {
		CSRF string `json:"csrf_token"`
	}
	s.reads("/v1/me", &me)
	s.csrf = me.CSRF
	return s
}

func (s sending) request(method, path, mediaType string, body []byte, offset int64) *http.Request {
	s.w.t.Helper()
	req, err := http.NewRequestWithContext(s.w.t.Context(), method, publicURL+path, bytes.NewReader(body))
	if err != nil {
		s.w.t.Fatal(err)
	}
	req.Header.Set("X-CSRF-Token", s.csrf)
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	if offset >= 0 {
		req.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	}
	return req
}

// calls sends a request and wants a status.
func (s sending) calls(req *http.Request, want int, into any) http.Header {
	s.w.t.Helper()
	res, err := s.client.Do(req)
	if err != nil {
		s.w.t.Fatal(err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		s.w.t.Fatal(err)
	}
	if res.StatusCode != want {
		s.w.t.Fatalf("%s %s: %d, want %d\n%s", req.Method, req.URL.Path, res.StatusCode, want, body.String())
	}
	if into != nil {
		if err := json.Unmarshal(body.Bytes(), into); err != nil {
			s.w.t.Fatal(err)
		}
	}
	return res.Header
}

func (s sending) posts(path string, document any, want int, into any) {
	s.w.t.Helper()
	body, err := json.Marshal(document)
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.calls(s.request(http.MethodPost, path, "application/json", body, -1), want, into)
}

// cut begins an upload of content and hangs up after half of it.
func (s sending) cut(path string, content []byte, half int) {
	s.w.t.Helper()
	req := s.request(http.MethodPatch, path, "application/offset+octet-stream", content, 0)
	public, err := url.Parse(publicURL)
	if err != nil {
		s.w.t.Fatal(err)
	}
	for _, cookie := range s.client.Jar.Cookies(public) {
		req.AddCookie(cookie)
	}
	var whole bytes.Buffer
	if err := req.Write(&whole); err != nil {
		s.w.t.Fatal(err)
	}
	socket, err := net.Dial("tcp", strings.TrimPrefix(s.w.urls[0], "http://"))
	if err != nil {
		s.w.t.Fatal(err)
	}
	defer socket.Close()
	if _, err := socket.Write(whole.Bytes()[:whole.Len()-len(content)+half]); err != nil {
		s.w.t.Fatal(err)
	}
	if err := socket.(*net.TCPConn).CloseWrite(); err != nil {
		s.w.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(socket), req)
	if err != nil {
		s.w.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		s.w.t.Errorf("half a file answered %d", res.StatusCode)
	}
}

// decided has one person propose and another confirm.
func (s sending) decided(second sending, delivery, act string) {
	s.w.t.Helper()
	var p struct {
		Proposal string `json:"proposal"`
		State    string `json:"state"`
	}
	s.posts("/v1/return-proposals", map[string]string{"delivery": delivery, "act": act, "reason": "agreed"}, http.StatusCreated, &p)
	at := "/v1/return-proposals/" + p.Proposal + "/events"
	s.posts(at, map[string]string{"event": "confirmed"}, http.StatusForbidden, nil) // by the one who proposed
	second.posts(at, map[string]string{"event": "confirmed"}, http.StatusOK, &p)
	if p.State != "confirmed" {
		s.w.t.Errorf("%s: %s", act, p.State)
	}
}

// returnedSeen is a delivery as the API shows it.
type returnedSeen struct {
	Delivery string `json:"delivery"`
	State    string `json:"state"`
	Files    []struct {
		Arrived int64 `json:"arrived"`
	} `json:"files"`
	Report struct {
		Content string `json:"content"`
	} `json:"report"`
}

// returnsByAPI brings the third version in over the API: an upload that is cut goes on at
// the byte, two persons publish, roll back and destroy. asked asks for one person's value
// on the one path and returns the delivery that it came from.
func returnsByAPI(t *testing.T, d *desk, want string, asked func() string) {
	t.Helper()
	bureau, provider, approver := d.sender("staff-bureau-01"), d.sender("staff-provider-02"), d.sender("staff-approver-01")
	bureau.posts("/v1/return-applications", map[string]any{"dataset": "2030010005/000001", "purpose": "assistance", "service_items": []string{dibaoMatter}}, http.StatusCreated, nil)
	path := d.deliver("--version", "3", "--rows", "20")
	document, signature := contentOf(t, path), contentOf(t, path+".jws")
	announced := map[string]string{"manifest": string(document), "signature": strings.TrimSpace(string(signature))}
	d.sender("staff-provider-01").posts("/v1/returns", announced, http.StatusForbidden, nil) // of another department
	var three returnedSeen
	provider.posts("/v1/returns", announced, http.StatusCreated, &three)
	content := contentOf(t, filepath.Join(d.folder, "subsidies-3.csv"))
	file, half := "/v1/returns/"+three.Delivery+"/files/subsidies-3.csv", len(content)/2
	provider.cut(file, content, half)
	at := provider.calls(provider.request(http.MethodHead, file, "", nil, -1), http.StatusOK, nil)
	if at.Get("Upload-Offset") != strconv.Itoa(half) || at.Get("Upload-Length") != strconv.Itoa(len(content)) {
		t.Fatalf("%s of %s are kept, want %d of %d", at.Get("Upload-Offset"), at.Get("Upload-Length"), half, len(content))
	}
	provider.calls(provider.request(http.MethodPatch, file, "application/offset+octet-stream", content, 0), http.StatusConflict, nil)
	provider.calls(provider.request(http.MethodPatch, file, "application/offset+octet-stream", content[half:], int64(half)), http.StatusNoContent, nil)
	bureau.until(three.Delivery, "reconciled", &three)
	if three.Report.Content != want {
		t.Errorf("its content is %s, that of the unbroken one %s", three.Report.Content, want)
	}
	before := asked()
	bureau.decided(approver, three.Delivery, "publish")
	if from := asked(); from != three.Delivery || from == before {
		t.Errorf("after the publication the value comes from %s", from)
	}
	bureau.decided(approver, three.Delivery, "roll-back")
	if from := asked(); from != before {
		t.Errorf("after the rollback it comes from %s, want %s", from, before)
	}
	bureau.decided(approver, three.Delivery, "destroy")
	bureau.posts("/v1/return-proposals", map[string]string{"delivery": three.Delivery, "act": "publish", "reason": "again"}, http.StatusConflict, nil)
	var proof json.RawMessage
	bureau.reads("/v1/returns/"+three.Delivery+"/receipt", &proof)
	pinned, err := ledger.ParseBundle(d.nodes[0].bundle())
	if err != nil {
		t.Fatal(err)
	}
	report := ledger.VerifyReceipt(proof, pinned, sm.NewVerifier(sm.VerifierOptions{}))
	if !report.OK() || report.Told == nil || report.Told.Kind != "return-destroyed" {
		t.Errorf("the proof of the destruction: %+v", report)
	}
	for _, named := range []string{three.Report.Content, "staff-bureau-01", "staff-approver-01"} {
		if !bytes.Contains(proof, []byte(named)) {
			t.Errorf("the proof of the destruction does not name %s", named)
		}
	}
}

// until waits until a delivery is in a state.
func (s sending) until(id, state string, seen *returnedSeen) {
	s.w.t.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if s.reads("/v1/returns/"+id, seen); seen.State == state {
			return
		}
	}
	s.w.t.Fatal(fmt.Errorf("the delivery is %s, want %s", seen.State, state))
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
