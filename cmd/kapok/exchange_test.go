package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/crypto/httpsig"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

var verifier = sm.NewVerifier(sm.VerifierOptions{Both: true})

type release struct {
	ExchangeID string          `json:"exchange_id"`
	Retry      bool            `json:"retry"`
	RetryOf    string          `json:"retry_of"`
	Data       map[string]any  `json:"data"`
	Receipt    json.RawMessage `json:"receipt"`
}

func readRelease(t *testing.T, a answer) release {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("nothing was released: %d %s", a.status, a.body)
	}
	var r release
	if err := json.Unmarshal(a.body, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestExchange(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	got := department.send(department.shot(ask(w.statutory("name", "state", "phone"), "name", "state")))
	released := readRelease(t, got)

	if len(released.Data) != 2 || released.Data["name"] != "测试甲" || released.Data["state"] == "" {
		t.Errorf("released %v, want the two fields asked for", released.Data)
	}
	bundle, err := ledger.ParseBundle(w.nodes[0].bundle())
	if err != nil {
		t.Fatal(err)
	}
	report := ledger.VerifyReceipt(released.Receipt, bundle, verifier)
	if !report.OK() || report.Told.Kind != "outcome" || report.Told.Ref != released.ExchangeID {
		t.Errorf("the receipt does not verify, or tells another thing: %+v", report)
	}
	if !slices.Contains(report.Told.Hidden, ledger.SubjectField) {
		t.Error("the receipt shows the department whom it concerns in the ledger")
	}
	verifyAnswer(t, w, got, released.Receipt)
	tampered := bytes.Replace(released.Receipt, []byte(`"value":"released"`), []byte(`"value":"released "`), 1)
	if bytes.Equal(tampered, released.Receipt) || ledger.VerifyReceipt(tampered, bundle, verifier).OK() {
		t.Error("a changed receipt verifies")
	}
	wantTrail(t, w, released.ExchangeID, "intent", "outcome")
	w.givesReceiptAgain(department, released)
	w.asksTheProvince(department)
	w.asksTheShareService(department)
	wantNoPersonalData(t, w)
}

// asksTheProvince: a licence of the province's system is used like any item; the province is
// told the officer, the matter, the case and the purpose; one that it abolished is refused.
func (w *world) asksTheProvince(department *caller) {
	w.t.Helper()
	const permit = "1010010008/000001"
	body := func(person int) string {
		asked := strings.Replace(ask(w.statutoryOn(permit, "name", "issuer", "expires_on"), "name", "issuer", "expires_on"), household, permit, 1)
		return strings.Replace(asked, firstCitizen(), madeUp(person).Number, 1)
	}
	released := readRelease(w.t, department.send(department.shot(body(0))))
	if released.Data["name"] != "测试甲" || released.Data["expires_on"] != "2034-05-01" {
		w.t.Errorf("of the province's licence %v", released.Data)
	}
	var told map[string]string
	if err := json.Unmarshal([]byte(w.seenOutside("/sandbox/licence-app/told")), &told); err != nil {
		w.t.Fatal(err)
	}
	want := map[string]string{"matter": dibaoMatter, "case": "DB-2026-000001", "cause": "assistance-review", "operator": "officer-0001"}
	trail := wantTrail(w.t, w, released.ExchangeID, "intent", "outcome")
	for name, in := range map[string]string{"matter": "service-item", "case": "case", "cause": "purpose", "operator": "officer"} {
		if told[name] != want[name] || !strings.HasPrefix(trail[0].Entry.Value(in), want[name]) {
			w.t.Errorf("%s: the province was told %q, the ledger holds %q, want %q", name, told[name], trail[0].Entry.Value(in), want[name])
		}
	}
	if refused := department.send(department.shot(body(18))).problem(w.t); refused.Code != "licence-abolished" {
		w.t.Errorf("an abolished one: %+v", refused)
	}
}

// asksTheShareService: a licence comes encrypted from a share service in the style of GB/T
// 36906, which is told the same of who asks and why.
func (w *world) asksTheShareService(department *caller) {
	w.t.Helper()
	const card = "1010010010/000001"
	asked := strings.Replace(ask(w.statutoryOn(card, "name", "issuer", "expires_on"), "name", "issuer", "expires_on"), household, card, 1)
	released := readRelease(w.t, department.send(department.shot(asked)))
	if released.Data["name"] != "测试甲" || released.Data["expires_on"] != "2034-05-01" {
		w.t.Errorf("of the share service's licence %v", released.Data)
	}
	var told map[string]string
	if err := json.Unmarshal([]byte(w.seenOutside("/sandbox/cert-share/told")), &told); err != nil {
		w.t.Fatal(err)
	}
	want := map[string]string{
		"certificateSystemName": dibao + "/officer-0001", "certificateCallCategory": "依职能用证", "certificateMatterName": dibaoMatter,
		"certificateEventCode": "DB-2026-000001", "certificateCopyCause": "assistance-review",
	}
	if !maps.Equal(told, want) {
		w.t.Errorf("the share service was told %v, want %v", told, want)
	}
}

func (w *world) seenOutside(path string) string {
	w.t.Helper()
	res, err := http.Get(w.outside + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	seen, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(seen)
}

// givesReceiptAgain: the system that made an exchange has its receipt again, byte for
// byte, and nobody else has.
func (w *world) givesReceiptAgain(department *caller, released release) {
	w.t.Helper()
	path := "/v1/exchanges/" + released.ExchangeID + "/receipt"
	got := department.orders(http.MethodGet, path, nil)
	var again struct {
		ExchangeID string            `json:"exchange_id"`
		Receipts   []json.RawMessage `json:"receipts"`
	}
	got.into(w.t, &again)
	if again.ExchangeID != released.ExchangeID || len(again.Receipts) != 1 || !bytes.Equal(again.Receipts[0], released.Receipt) {
		w.t.Errorf("the receipt came again as another one: %s", got.body)
	}
	verifyAnswer(w.t, w, got, got.body)
	other := w.enrol("tianhe-renshe-butie")
	for what, who := range map[string]answer{
		"another system":     other.orders(http.MethodGet, path, nil),
		"an unknown id":      department.orders(http.MethodGet, "/v1/exchanges/00112233445566778899aabbccddeeff/receipt", nil),
		"what is no id":      department.orders(http.MethodGet, "/v1/exchanges/x/receipt", nil),
		"the id in capitals": department.orders(http.MethodGet, "/v1/exchanges/"+strings.ToUpper(released.ExchangeID)+"/receipt", nil),
	} {
		if who.status != http.StatusNotFound || who.problem(w.t).Code != "ledger-entry-unknown" {
			w.t.Errorf("%s: %d %s", what, who.status, who.body)
		}
	}
	if recent, err := w.nodes[0].database.Ledger().Recent(w.t.Context(), nil, 20); err != nil || !slices.ContainsFunc(recent, func(e postgres.LedgerEntry) bool {
		return e.Entry.Kind == "command" && e.Entry.Value("door") == "receipt" && e.Entry.Value("exchange") == released.ExchangeID && e.Entry.Value("system") == department.system
	}) {
		w.t.Errorf("that the receipt was asked for is not in the ledger: %v", err)
	}
}

// verifyAnswer checks that the answer is signed by a key that leads to the root, and
// is bound to this very request.
func verifyAnswer(t *testing.T, w *world, got answer, receipt json.RawMessage) {
	t.Helper()
	var carried struct {
		Chain [][]byte `json:"chain"`
	}
	if err := json.Unmarshal(receipt, &carried); err != nil {
		t.Fatal(err)
	}
	root, err := pki.Parse(w.nodes[0].keyring.Root())
	if err != nil {
		t.Fatal(err)
	}
	key, err := pki.VerifyOperational(verifier, "test", carried.Chain, []*pki.Certificate{root}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	message := httpsig.Message{Status: got.status, Header: got.header, Request: &got.signed}
	params, signature, err := httpsig.Parse(message, "kapok")
	if err != nil {
		t.Fatal(err)
	}
	if err := httpsig.Verify(message, params, signature, key, verifier); err != nil {
		t.Error(err)
	}
	if got.header.Get("Content-Digest") != httpsig.ContentDigest(got.body) {
		t.Error("the digest is not that of the body")
	}
	other := got.signed
	other.Header = got.signed.Header.Clone()
	other.Header.Set("Signature", "sig1=:AAAA:")
	message.Request = &other
	if httpsig.Verify(message, params, signature, key, verifier) == nil {
		t.Error("the answer also fits another request")
	}
}

// wantTrail checks which entries an exchange left.
func wantTrail(t *testing.T, w *world, ref string, kinds ...ledger.Kind) []postgres.LedgerEntry {
	t.Helper()
	found, err := w.nodes[0].database.Ledger().Find(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	var got []ledger.Kind
	for _, entry := range found {
		got = append(got, entry.Entry.Kind)
	}
	if !slices.Equal(got, kinds) {
		t.Errorf("the exchange left %v, want %v", got, kinds)
	}
	return found
}

// wantNoPersonalData looks for the person in everything that is kept in clear.
func wantNoPersonalData(t *testing.T, w *world) {
	t.Helper()
	person := madeUp(0)
	for _, secret := range []string{person.Number, person.Name} {
		if strings.Contains(w.logs.String(), secret) {
			t.Error("the log holds personal data")
		}
		for _, entry := range recent(t, w) {
			for _, field := range entry.Entry.Fields {
				if strings.Contains(field.Value, secret) {
					t.Errorf("the ledger's field %s holds personal data", field.Name)
				}
			}
		}
	}
}

func recent(t *testing.T, w *world) []postgres.LedgerEntry {
	t.Helper()
	found, err := w.nodes[0].database.Ledger().Recent(t.Context(), map[string]uint64{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNoCallFailsWhileKeysAreReplaced: with an operational key that lives for two
// seconds, every answer verifies by the certificate that comes with its receipt.
func TestNoCallFailsWhileKeysAreReplaced(t *testing.T) {
	w := newWorldOf(t, 1, publicURL, 2*time.Second)
	department := w.enrol(dibao)
	body := ask(w.statutory("name"), "name")
	used := map[string]bool{}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		got := department.send(department.shot(body))
		verifyAnswer(t, w, got, readRelease(t, got).Receipt)
		params, _, err := httpsig.Parse(httpsig.Message{Status: got.status, Header: got.header, Request: &got.signed}, "kapok")
		if err != nil {
			t.Fatal(err)
		}
		used[params.KeyID] = true
	}
	if len(used) < 3 {
		t.Errorf("only %d keys were used: nothing was replaced", len(used))
	}
}

func TestVerifyReleasesOnlyTrueOrFalse(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	id := w.statutoryFor("VERIFY", "name", "state")
	body := strings.Replace(ask(id, "name", "state"), `"operation":"VIEW"`, `"operation":"VERIFY","expected":{"name":"测试甲","state":"注销"}`, 1)
	released := readRelease(t, department.send(department.shot(body)))
	if released.Data["name"] != true || released.Data["state"] != false {
		t.Errorf("released %v, want true and false", released.Data)
	}
}

func TestRetryIsTheSameUse(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	body := ask(w.statutory("name"), "name")
	key := rand.Text()
	withKey := func(node int, body string) *shot {
		s := department.shot(body)
		s.node = node
		s.header.Set("Idempotency-Key", key)
		s.params.Covered = append(s.params.Covered, httpsig.Component{Name: "idempotency-key"})
		return s
	}
	first := readRelease(t, department.send(withKey(0, body)))
	again := readRelease(t, department.send(withKey(1, body)))
	if first.Retry || !again.Retry || again.RetryOf != first.ExchangeID {
		t.Errorf("first %+v, then %+v", first, again)
	}
	other := department.send(withKey(0, strings.Replace(body, "DB-2026-000001", "DB-2026-000002", 1)))
	if code := other.problem(t).Code; other.status != http.StatusConflict || code != "idempotency-mismatch" {
		t.Errorf("another request under the same key: %d %s", other.status, code)
	}
	uncovered := department.shot(body)
	uncovered.header.Set("Idempotency-Key", key)
	if got := department.send(uncovered).problem(t); got.Code != "signature-incomplete" {
		t.Errorf("an Idempotency-Key that is not signed: %s", got.Code)
	}
}
