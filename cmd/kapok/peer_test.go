package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/connectors"
	"kapok/connectors/connectortest"
	"kapok/connectors/peer"
	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/editions"
	"kapok/gateway/evidence"
	"kapok/gateway/federation"
	"kapok/gateway/ledger"
	"kapok/gateway/publishing"
	"kapok/gateway/safe"
)

const (
	peerSystem   = "kapok-tianhe"
	peerMatter   = "11440106KAPK00014C2272010511001" // as the city has it
	cityItem     = "1010010001/000009"               // as the district has the city's
	cityRegister = "1010010001/000008"               // at the city, for the suite
)

// twoKapoks are two whole Kapoks with databases, keys and logs of their own, members of one
// federation: the city, which serves, and the district, which asks.
type twoKapoks struct {
	t              *testing.T
	keeper         *sm.PrivateKey
	city, district *world
	version        int64
}

func newTwoKapoks(t *testing.T) *twoKapoks {
	t.Helper()
	k := &twoKapoks{t: t}
	folder := t.TempDir()
	keyFile := filepath.Join(folder, "keeper")
	if err := federationCommand(t.Context(), []string{"key", keyFile}, io.Discard); err != nil {
		t.Fatal(err)
	}
	k.keeper = privateKeyIn(t, keyFile)
	join := func(member string) func(*config) {
		return func(c *config) {
			c.Federation = federationConfig{Member: member, Keepers: []string{keyFile + ".jwk.json"}}
			c.LogName = member + ".kapok.test"
		}
	}
	k.city = newWorldOf(t, 2, "http://"+freeAddress(t), time.Hour, join("city"))
	k.district = newWorldOf(t, 1, publicURL, time.Hour, join("tianhe"))
	k.publishToCity(nil)
	k.publish(k.district, districtAdds)
	return k
}

// list is who is a member now; change may spoil it.
func (k *twoKapoks) list(change func(*federation.List)) (document []byte, signature string) {
	k.t.Helper()
	k.version++
	now := time.Now().UTC().Truncate(time.Second)
	list := federation.List{Federation: "guangzhou", Version: k.version, Issued: now.Add(-time.Minute), Expires: now.Add(time.Hour), Members: []federation.Member{
		{ID: "city", Name: "广州市(测试)", Division: "440100", URL: k.city.public, Roots: [][]byte{k.city.nodes[0].keyring.Root()}},
		{ID: "tianhe", Name: "天河区(测试)", Division: "440106", URL: "http://tianhe.kapok.test", Roots: [][]byte{k.district.nodes[0].keyring.Root()}},
	}}
	if change != nil {
		change(&list)
	}
	document, err := json.Marshal(list)
	if err != nil {
		k.t.Fatal(err)
	}
	if signature, err = federation.Sign(k.t.Context(), document, k.keeper); err != nil {
		k.t.Fatal(err)
	}
	return document, signature
}

const districtAdds = `sources:
  - { id: city-kapok, name: 广州市红棉节点, protocol: kapok, timeout: 5s, settings: { member: city, service_item: "` + peerMatter + `" } }
items:
  - code: ` + cityItem + `
    version: 1
    name: 户籍信息(市级节点)
    provider: mps
    abstract: 经广州市红棉节点查询的户籍信息。
    format: 接口
    subjects: ["111"]
    shared_type: 有条件
    condition: 用于社会救助申请人的户籍核验。
    method: 查询核验接口
    update_cycle: 实时
    published: 2025-08-01
    related: []
    use_conditions: 仅限本次事项和本案使用。
    return_list: false
    source: city-kapok
    source_settings: { item: 1010010001/000001 }
    fields:
      - { name: name, label: 姓名, type: string, required: true, source_name: name }
      - { name: state, label: 户籍状态, type: string, required: true, source_name: state, pattern: '^(正常|迁出|注销)$' }
grants:
  - id: grant-dibao-city
    department: tianhe-minzheng
    system: tianhe-minzheng-dibao
    item: ` + cityItem + `
    item_version: 1
    fields: [name, state]
    operations: [VERIFY, VIEW]
    service_items: [11440106KAPK0002272010511001000]
    purposes: [assistance-review]
    legal_provision: social-assistance-58
    rate_per_second: 100
    from: 2025-09-01T00:00:00+08:00
    expires: 2030-08-31T23:59:59+08:00
`

const cityAdds = `systems:
  - { id: ` + peerSystem + `, department: tianhe-zhengshu, name: 天河区红棉节点, peer: { member: tianhe, operations: [VIEW] } }
service_items:
  - { code: ` + peerMatter + `, name: 跨区域社会救助核对, department: tianhe-zhengshu, materials: [{ name: 居民户口簿, replaced_by: ["1010010001/000001"] }] }
provisions:
  - { id: cross-district, law: 政务数据共享条例, article: 第二十条, text: 跨区域协同办理同一事项。, departments: [tianhe-zhengshu], service_items: [` + peerMatter + `] }
grants:
  - id: grant-peer-household
    department: tianhe-zhengshu
    system: ` + peerSystem + `
    item: 1010010001/000001
    item_version: 1
    fields: [name, state]
    operations: [VIEW, COPY]
    service_items: [` + peerMatter + `]
    purposes: [assistance-review]
    legal_provision: cross-district
    rate_per_second: 500
    from: 2025-09-01T00:00:00+08:00
    expires: 2030-08-31T23:59:59+08:00
  - id: grant-peer-register
    department: tianhe-zhengshu
    system: ` + peerSystem + `
    item: ` + cityRegister + `
    item_version: 1
    fields: [name, number, sex, ethnic_group, birth_date, birthplace, native_place, household_number, household_kind, state]
    operations: [VIEW]
    service_items: [` + peerMatter + `]
    purposes: [assistance-review]
    legal_provision: cross-district
    rate_per_second: 500
    from: 2025-09-01T00:00:00+08:00
    expires: 2030-08-31T23:59:59+08:00
items:
  - code: ` + cityRegister + `
    version: 1
    name: 户籍登记簿
    provider: mps
    abstract: 户籍登记的基本情况。
    format: 接口
    subjects: ["111"]
    shared_type: 有条件
    condition: 用于跨区域协同办理的事项。
    method: 查询核验接口
    update_cycle: 实时
    published: 2025-08-01
    related: []
    use_conditions: 仅限本次事项和本案使用。
    return_list: false
    source: national-platform
    source_settings: { sid: sid-mps-household-0001, subject_param: GMSFHM, records: /data/records, as_of: /data/asOf }
    fields:
      - { name: name, label: 姓名, type: string, required: true, source_name: XM }
      - { name: number, label: 号码, type: string, required: true, source_name: GMSFHM }
      - { name: sex, label: 性别, type: string, source_name: XB }
      - { name: ethnic_group, label: 民族, type: string, source_name: MZ }
      - { name: birth_date, label: 出生日期, type: date, source_name: CSRQ }
      - { name: birthplace, label: 出生地, type: string, source_name: CSD }
      - { name: native_place, label: 籍贯, type: string, source_name: JG }
      - { name: household_number, label: 户号, type: string, source_name: HH }
      - { name: household_kind, label: 户口性质, type: string, source_name: HKXZ }
      - { name: state, label: 户籍状态, type: string, source_name: HJZT }
`

func (k *twoKapoks) publishToCity(change func(*federation.List)) {
	k.t.Helper()
	k.publish(k.city, cityAdds, change)
}

// publish puts an edition in force that adds a file and carries the list of members; two
// people do it, as they would from the desk.
func (k *twoKapoks) publish(w *world, adds string, change ...func(*federation.List)) {
	k.t.Helper()
	document, signature := k.list(append(change, nil)[0])
	if err := k.tryPublish(w, adds, document, signature); err != nil {
		k.t.Fatal(err)
	}
}

func (k *twoKapoks) tryPublish(w *world, adds string, document []byte, signature string) error {
	k.t.Helper()
	first, err := w.nodes[0].database.Edition(k.t.Context(), editions.Catalogue, 1)
	if err != nil {
		k.t.Fatal(err)
	}
	files, err := editions.Files(first.Content)
	if err != nil {
		k.t.Fatal(err)
	}
	files["added.yaml"] = []byte(adds)
	files["federation.yaml"] = fmt.Appendf(nil, "federations:\n  - id: guangzhou\n    members: |\n      %s\n    signature: %s\n", document, signature)
	one := publishing.Person{Account: gateway.Account{Ref: "staff-bureau-01"}, Roles: []string{"bureau"}}
	other := publishing.Person{Account: gateway.Account{Ref: "staff-bureau-02"}, Roles: []string{"bureau"}}
	proposed, _, err := w.nodes[0].publishing.ProposeCatalogue(k.t.Context(), one, publishing.Draft{Files: files}, "test")
	if err != nil {
		return err
	}
	_, err = w.nodes[0].publishing.Decide(k.t.Context(), other, proposed.ID, editions.Published, "")
	return err
}

func privateKeyIn(t *testing.T, path string) *sm.PrivateKey {
	t.Helper()
	var scalar []byte
	if _, err := fmt.Sscanf(string(contentOf(t, path)), "%x", &scalar); err != nil {
		t.Fatal(err)
	}
	key, err := sm.ParsePrivateKey(scalar)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// cityBasis lets the district's Kapok use an item by law, at the city.
func (k *twoKapoks) cityBasis(item string, fields ...string) basis.Basis {
	k.t.Helper()
	made, err := k.city.nodes[0].safe.Register(k.t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-zhengshu", System: peerSystem, Item: item, Fields: fields, Operation: gateway.View,
		ServiceItem: peerMatter, Purpose: "assistance-review", Expires: time.Now().Add(time.Hour),
	}, "cross-district")
	if err != nil {
		k.t.Fatal(err)
	}
	return made
}

// TestTwoKapoks: a department asks its district's Kapok for what the city's serves. Both
// record the use, each by its own grants and bases; what ends at the city refuses the next
// call; a list of members of which the asker is no more refuses it too.
func TestTwoKapoks(t *testing.T) {
	k := newTwoKapoks(t)
	department := k.district.enrol(dibao)
	body := replaced(household, cityItem)(ask(k.district.statutoryOn(cityItem, "name", "state"), "name", "state"))
	send := func() answer { return department.send(department.shot(body)) }

	send().wants(t, http.StatusBadGateway, "source-refused") // the city has no basis for it yet
	made := k.cityBasis(household, "name", "state")
	released := readRelease(t, send())
	if released.Data["name"] != madeUp(0).Name || released.Data["state"] != "正常" {
		t.Errorf("released %v", released.Data)
	}
	k.wantBothRecords(released.ExchangeID)
	if _, err := k.city.nodes[1].safe.Govern(t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, made.ID, basis.EventRevoked, "test"); err != nil {
		t.Fatal(err)
	}
	send().wants(t, http.StatusBadGateway, "source-refused")
	k.cityBasis(household, "name", "state")
	readRelease(t, send())
	k.refusesAtTheDoor()

	stale, signature := k.list(func(l *federation.List) { l.Version = 1 })
	if err := k.tryPublish(k.city, cityAdds, stale, signature); gateway.AsError(err).Code != "peer-list-older" {
		t.Errorf("an older list: %v", err)
	}
	k.publish(k.city, strings.Replace(cityAdds, "peer: { member: tianhe, operations: [VIEW] }", "desk: false", 1), func(l *federation.List) { l.Members = l.Members[:1] })
	send().wants(t, http.StatusBadGateway, "source-refused")
	wantNoPersonalData(t, k.city)
	wantNoPersonalData(t, k.district)
}

// wantBothRecords: the district's entry says where the city's stands, and the city's for
// whom the district asked, by what right there, and under which exchange.
func (k *twoKapoks) wantBothRecords(ref string) {
	k.t.Helper()
	outcome := wantTrail(k.t, k.district, ref, "intent", "outcome")[1].Entry
	where := outcome.Value("lineage")
	origin, index, cut := strings.Cut(strings.TrimPrefix(where, "kapok:city "), "#")
	if !cut || !strings.HasPrefix(origin, "city.kapok.test") {
		k.t.Fatalf("the district's entry says %q of the city's", where)
	}
	for _, entry := range recent(k.t, k.city) {
		if entry.Origin != origin || fmt.Sprint(entry.Index) != index {
			continue
		}
		for name, want := range map[string]string{
			"door": "peer", "system": peerSystem, "department": "tianhe-zhengshu", "peer-department": "tianhe-minzheng", "peer-exchange": ref,
			"peer-basis-kind": "STATUTORY", "officer": "officer-0001", "case": "DB-2026-000001", "result": "released",
		} {
			if got := entry.Entry.Value(name); got != want {
				k.t.Errorf("the city's entry says %s %q, want %q", name, got, want)
			}
		}
		k.cityEvidence(entry.Entry.Ref)
		return
	}
	k.t.Errorf("the city's log has no entry %s", where)
}

// cityEvidence: the district's signature stands in the city's evidence; whose key it was,
// the list of members says, which is not in it.
func (k *twoKapoks) cityEvidence(ref string) {
	k.t.Helper()
	report := evidence.Verify(evidenceOf(k.t, k.city, ref), pinnedOf(k.t, k.city), verifier)
	wantEvidence(k.t, report)
	if !slices.ContainsFunc(report.Steps, func(s ledger.Step) bool { return s.Name == "key" && strings.HasPrefix(s.Why, "another Kapok signed") }) {
		k.t.Errorf("the city's evidence: %+v", report.Steps)
	}
}

// peerCaller is another Kapok that can also do wrong.
type peerCaller struct {
	member, target, tag string
	key                 sm.Signer
	chain               [][]byte
	created             time.Time
	nonce               string
	leaveOut            string
	body                []byte
	after               func(*http.Request)
}

// refusesAtTheDoor: what is not signed by a member's operational key over this very
// request is not admitted.
func (k *twoKapoks) refusesAtTheDoor() {
	k.t.Helper()
	good := k.peerCaller()
	good.send(k).wants(k.t, http.StatusOK, "")
	own, err := sm.GenerateKey()
	if err != nil {
		k.t.Fatal(err)
	}
	for _, c := range []struct {
		name, code string
		spoil      func(*peerCaller)
	}{
		{"the nonce again, on another node", "nonce-replayed", func(p *peerCaller) {
			p.nonce = good.nonce
			p.after = func(r *http.Request) { r.URL.Host = strings.TrimPrefix(k.city.urls[1], "http://") }
		}},
		{"no member of that name", "peer-unknown", func(p *peerCaller) { p.member = "nobody" }},
		{"a member that is no system here", "peer-certificate", func(p *peerCaller) { p.member = "city" }},
		{"a key of one's own", "key-mismatch", func(p *peerCaller) { p.key = own }},
		{"certificates of the root alone", "peer-certificate", func(p *peerCaller) { p.chain = p.chain[1:] }},
		{"another Kapok's certificates", "peer-certificate", func(p *peerCaller) { p.chain = k.city.nodes[0].operational.Current().Chain }},
		{"a department's tag", "signature-malformed", func(p *peerCaller) { p.tag = "kapok" }},
		{"for another address", "signature-invalid", func(p *peerCaller) { p.target = "http://other.test/v1/peers/exchanges" }},
		{"signed an hour ago", "clock-skew", func(p *peerCaller) { p.created = time.Now().Add(-time.Hour) }},
		{"a member not covered", "signature-incomplete", func(p *peerCaller) { p.leaveOut = "kapok-member" }},
		{"certificates not covered", "signature-incomplete", func(p *peerCaller) { p.leaveOut = "kapok-certificates" }},
		{"a body changed", "content-digest-mismatch", func(p *peerCaller) {
			p.after = func(r *http.Request) {
				r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(p.body, []byte("VIEW"), []byte("COPY"), 1)))
			}
		}},
		{"a second member header", "peer-unknown", func(p *peerCaller) { p.after = func(r *http.Request) { r.Header.Add(federation.MemberHeader, "city") } }},
		{"an operation that the catalogue does not list", "peer-operation", func(p *peerCaller) { p.body = bytes.Replace(p.body, []byte("VIEW"), []byte("COPY"), 1) }},
		{"nobody asks there", "field-invalid", func(p *peerCaller) { p.body = bytes.Replace(p.body, []byte("tianhe-minzheng"), nil, 1) }},
		{"a field too many", "fields-exceed", func(p *peerCaller) { p.body = bytes.Replace(p.body, []byte(`["name"]`), []byte(`["name","phone"]`), 1) }},
	} {
		bad := k.peerCaller()
		c.spoil(&bad)
		got := bad.send(k)
		if told := got.problem(k.t); told.Code != c.code {
			k.t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
}

func (k *twoKapoks) peerCaller() peerCaller {
	body := fmt.Sprintf(`{"item":%q,"fields":["name"],"operation":"VIEW","subject":{"id_type":"111","id_number":%q},"service_item":%q,"case_no":"C-1",`+
		`"officer_ref":"officer-0001","purpose":"assistance-review","from":{"department":"tianhe-minzheng","exchange_id":%q}}`, household, firstCitizen(), peerMatter, gateway.NewRef())
	return peerCaller{
		member: "tianhe", target: k.city.public + "/v1/peers/exchanges", tag: "kapok-peer", key: k.district.nodes[0].operational.Current().Signer, chain: k.district.nodes[0].operational.Current().Chain,
		created: time.Now(), nonce: gateway.NewRef(), body: []byte(body),
	}
}

// send signs and makes the call as another Kapok does.
func (p peerCaller) send(k *twoKapoks) answer {
	k.t.Helper()
	request, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.city.public+"/v1/peers/exchanges", bytes.NewReader(p.body))
	if err != nil {
		k.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Content-Digest": httpsig.ContentDigest(p.body), federation.MemberHeader: p.member, federation.Certificates: federation.WriteChain(p.chain),
	} {
		request.Header.Set(name, value)
	}
	params := httpsig.Params{Label: "sig1", Tag: p.tag, Created: p.created, Nonce: p.nonce, KeyID: jose.NewJWK("", p.key.Public()).Thumbprint()}
	for _, name := range []string{"@method", "@target-uri", "content-digest", "kapok-member", "kapok-certificates"} {
		if name != p.leaveOut {
			params.Covered = append(params.Covered, httpsig.Component{Name: name})
		}
	}
	if err := httpsig.Sign(k.t.Context(), httpsig.Message{Method: request.Method, TargetURI: p.target, Header: request.Header}, params, p.key); err != nil {
		k.t.Fatal(err)
	}
	if p.after != nil {
		p.after(request)
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return answer{status: res.StatusCode, header: res.Header, body: body}
}

// badLine stands between the district and the city's Kapok, which answers truly, and
// spoils what comes through by orders.
type badLine struct {
	behind string
	mu     sync.Mutex
	order  faults.Order
}

func (b *badLine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	order := b.order
	b.mu.Unlock()
	request, err := http.NewRequestWithContext(r.Context(), r.Method, b.behind+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	request.Header = r.Header.Clone()
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	switch order.Kind { // what a bad line cannot do of itself
	case faults.ExpiredKey:
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":"peer-certificate"}`)
		return
	case "refused":
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"code":"grant-missing","detail":"`+firstCitizen()+`"}`)
		return
	case faults.WrongSignature:
		body = bytes.Replace(body, []byte(`"name":"`), []byte(`"name":"`+"某"), 1)
	case "":
		for name, values := range res.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		_, _ = w.Write(body)
		return
	}
	for _, name := range []string{"Content-Digest", "Signature-Input", "Signature"} {
		w.Header().Set(name, res.Header.Get(name))
	}
	faults.Deliver(w, r, order, faults.Answer{Number: firstCitizen(), Body: body})
}

func registerFields() []string {
	return []string{"name", "number", "sex", "ethnic_group", "birth_date", "birthplace", "native_place", "household_number", "household_kind", "state"}
}

// fullAsk fills in what the shared suite leaves open.
type fullAsk struct{ connectors.Connector }

func (a fullAsk) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	q.Fields = registerFields()
	q.ServiceItem, q.CaseNo, q.Purpose = peerMatter, "C-1", "assistance-review"
	q.Operator = connectors.Operator{Department: "tianhe-minzheng", System: dibao, Officer: "officer-0001"}
	if q.RequestID == "" {
		q.RequestID = gateway.NewRef()
	}
	return a.Connector.Fetch(ctx, q)
}

// TestPeerSuite puts the connector through the suite of all connectors; the peer is a whole
// Kapok, and a line that spoils its answers lies between.
func TestPeerSuite(t *testing.T) {
	k := newTwoKapoks(t)
	k.cityBasis(cityRegister, registerFields()...)
	line := &badLine{behind: k.city.urls[0]}
	between := httptest.NewServer(line)
	t.Cleanup(between.Close)
	set := func(order faults.Order) {
		line.mu.Lock()
		line.order = order
		line.mu.Unlock()
	}
	connectortest.Run(t, connectortest.Candidate{
		SID: "peer", NameField: "name", NumberField: "number",
		Lacks: map[string]string{"wrong-person": "an answer is bound to its question by the signature, and the other Kapok checks whose record its source gave it"},
		Wants: map[string]error{"expired-key": connectors.ErrRefused},
		Order: func(_ testing.TB, _ connectortest.Sandbox, fault connectortest.Fault) {
			set(faults.Order{Kind: fault.Kind, DelayMS: fault.DelayMS})
		},
		Cancel: func(testing.TB, connectortest.Sandbox) { set(faults.Order{}) },
		New: func(t testing.TB, s connectortest.Sandbox) connectors.Connector {
			return k.connector(t, s, between.Listener.Addr().String())
		},
	})
	k.forgeries(between.Listener.Addr().String(), line)
}

// connector asks the city through the line, or where nobody listens.
func (k *twoKapoks) connector(t testing.TB, s connectortest.Sandbox, line string) connectors.Connector {
	client := connectors.HTTPClient()
	if !strings.HasSuffix(s.URL, ":1") {
		client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, line)
		}
	}
	list := k.district.nodes[0].federation.inForce.Load()
	if strings.HasSuffix(s.URL, ":1") {
		elsewhere := *list
		elsewhere.Members = append([]federation.Member(nil), list.Members...)
		elsewhere.Members[0].URL = s.URL
		list = &elsewhere
	}
	made, err := peer.New(map[string]string{"member": "city", "item": cityRegister}, peer.Self{
		ID: "tianhe", Signing: k.district.nodes[0].operational.Current, Members: func() *federation.List { return list }, Now: time.Now,
	}, client, sm.NewVerifier(sm.VerifierOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	return fullAsk{made}
}

// forgeries are answers that are genuine, and not to this question.
func (k *twoKapoks) forgeries(line string, through *badLine) {
	k.t.Helper()
	connector := k.connector(k.t, connectortest.Sandbox{URL: k.city.public}, line)
	subject := connectortest.Subject(k.t, firstCitizen())
	if _, err := connector.Fetch(k.t.Context(), connectors.Query{Subject: subject}); err != nil {
		k.t.Fatal(err)
	}
	kept := httptest.NewRecorder()
	once := sync.Once{}
	replaying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { through.ServeHTTP(kept, r.Clone(r.Context())) })
		for name, values := range kept.Header() {
			w.Header()[name] = values
		}
		_, _ = w.Write(kept.Body.Bytes())
	}))
	k.t.Cleanup(replaying.Close)
	again := k.connector(k.t, connectortest.Sandbox{URL: k.city.public}, replaying.Listener.Addr().String())
	if _, err := again.Fetch(k.t.Context(), connectors.Query{Subject: subject}); err != nil {
		k.t.Fatalf("the first time it is the answer: %v", err)
	}
	if _, err := again.Fetch(k.t.Context(), connectors.Query{Subject: subject}); !errors.Is(err, connectors.ErrGarbage) {
		k.t.Errorf("a genuine answer to another question: %v", err)
	}
}

// TestFederationCommand: a keeper makes a key, signs a list; whoever has the public key
// reads who is a member, and of a changed list nothing.
func TestFederationCommand(t *testing.T) {
	folder := t.TempDir()
	key, list, signature := filepath.Join(folder, "keeper"), filepath.Join(folder, "members.json"), filepath.Join(folder, "members.jws")
	does := func(words ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"federation"}, words...), &out)
		return out.String(), err
	}
	if _, err := does("key", key); err != nil {
		t.Fatal(err)
	}
	if _, err := does("key", key); err == nil {
		t.Error("a key was overwritten")
	}
	root, err := pki.NewRoot(t.Context(), privateKeyIn(t, key), "root", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	document, err := json.Marshal(federation.List{Federation: "guangzhou", Version: 1, Issued: now, Expires: now.Add(time.Hour), Members: []federation.Member{
		{ID: "tianhe", Name: "天河", Division: "440106", URL: "https://tianhe.test", Roots: [][]byte{root}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	write := func(path string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(list, document)
	signed, err := does("sign", key, list)
	if err != nil {
		t.Fatal(err)
	}
	write(signature, []byte(signed))
	if told, err := does("read", key+".jwk.json", list, signature); err != nil || !strings.Contains(told, "guangzhou, version 1") || !strings.Contains(told, "tianhe\t440106\thttps://tianhe.test\t天河") {
		t.Errorf("%s %v", told, err)
	}
	write(list, bytes.Replace(document, []byte("tianhe.test"), []byte("evil.test"), 1))
	if told, err := does("read", key+".jwk.json", list, signature); err == nil || told != "" {
		t.Errorf("a changed list is read: %s", told)
	}
	for _, words := range [][]string{nil, {"sign"}, {"steal", key}, {"sign", list, list}} {
		if _, err := does(words...); err == nil {
			t.Errorf("%v is taken", words)
		}
	}
}
