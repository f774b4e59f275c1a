package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
	"kapok/gateway/grants"
	"kapok/gateway/messages"
	"kapok/gateway/postgres"
	"kapok/gateway/predicate"
	"kapok/gateway/safe"
)

// TestEditionBitesOnTheNextCallOnEveryNode: an item's new version is published on one
// node; the very next call on the other is decided under it.
func TestEditionBitesOnTheNextCallOnEveryNode(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	basis := w.statutory("name", "state")
	shot := func(node int) *shot {
		s := department.shot(ask(basis, "name", "state"))
		s.node = node
		return s
	}
	for node := range w.nodes {
		readRelease(t, department.send(shot(node)))
	}
	before := w.nodes[1].exchange.Live()
	added := newSource(t, w)
	publishChanged(t, w, []byte("version: 1\n    name: \"居民户籍登记信息\""), []byte("version: 2\n    name: \"居民户籍登记信息\""), added...)

	got := department.send(shot(1))
	if got.status == http.StatusOK {
		t.Fatalf("the next call on the other node was decided under the former edition: %s", got.body)
	}
	after := w.nodes[1].exchange.Live()
	if after.Editions[0].Number != 2 || after.Catalog.Digest() == before.Catalog.Digest() {
		t.Errorf("the other node is at %+v", after.Editions)
	}
	wantNewSource(t, w, department)
	wantNoPersonalData(t, w)
}

// newSource is the one file by which a REST source is added; its key is in the key store.
func newSource(t *testing.T, w *world) []byte {
	t.Helper()
	written, err := os.ReadFile("../../deploy/examples/rest-source.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range w.nodes {
		if err := n.keyring.(*keys.File).PutSecret(disabilitySecretName, []byte(disabilityKey)); err != nil {
			t.Fatal(err)
		}
	}
	return append([]byte("-- rest-source.yaml --\n"), written...)
}

// wantNewSource: the source that the edition brought serves the next call; asked again,
// its answer is the kept one and says so.
func wantNewSource(t *testing.T, w *world, department *caller) {
	t.Helper()
	const item = "2040010001/000001"
	if err := w.nodes[0].refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	body := replaced(household, item)(ask(w.statutoryOn(item, "name", "level"), "name", "level"))
	for _, cached := range []bool{false, true} {
		s := department.shot(body)
		s.node = 1
		got := department.send(s)
		if got.status != http.StatusOK || bytes.Contains(got.body, []byte(`"cached":true`)) != cached || !bytes.Contains(got.body, []byte(`"level":"`)) {
			t.Errorf("of the new source, cached %v: %d %s", cached, got.status, got.body)
		}
	}
	wantHeldBack(t, w, department, body)
}

// wantHeldBack: what the catalogue does not describe never leaves, and each rule that
// was broken is taken up with the provider.
func wantHeldBack(t *testing.T, w *world, department *caller, body string) {
	t.Helper()
	for kind, rule := range map[string]string{
		"stale": "stale", "bad-value": "wrong-value", "wrong-person": "another-person", "wrong-signature": "",
	} {
		w.orderAt("bureau-disability", kind, 1, 0)
		another := replaced(`"case_no":"`, `"case_no":"`+kind+"-")(body) // the kept answer is another case's
		code := "source-wrong"
		if rule == "" {
			code = "source-garbage"
		}
		got := department.send(department.shot(another))
		if told := got.problem(t); got.status != http.StatusBadGateway || told.Code != code {
			t.Errorf("%s: %d %s", kind, got.status, got.body)
		}
		if rule != "" && !takenUp(t, w, rule) {
			t.Errorf("%s: %q was not taken up", kind, rule)
		}
	}
}

func takenUp(t *testing.T, w *world, rule string) bool {
	t.Helper()
	broken, err := w.nodes[0].database.OpenViolations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(broken, func(v postgres.OpenViolation) bool {
		return v.Rule == rule && v.Source == "disability-register" && v.Matter != ""
	})
}

// TestNodesTakeOverByThemselves: an edition is published while a use is on its way. It
// is decided again and pays once; and both nodes have the new edition though nobody else
// calls.
func TestNodesTakeOverByThemselves(t *testing.T) {
	w := newWorld(t, 2)
	c := w.enrol(butie)
	w.granted(0, func(terms *grants.Terms) {
		terms.Operations, terms.DailyQuota = []gateway.Operation{gateway.Predicate}, 5
	})
	duty, err := w.safe(0).Register(t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-renshe", System: butie, Item: insurance, Fields: []string{"name"}, Operation: gateway.Predicate,
		ServiceItem: butieMatter, Purpose: "employment-subsidy", Expires: time.Now().Add(time.Hour),
	}, "sharing-20")
	if err != nil {
		t.Fatal(err)
	}
	published := countsAndPublishes{DB: w.nodes[0].database, publish: func() {
		publishChanged(t, w, []byte("居民户籍登记信息"), []byte("居民户籍登记信息(新)"))
	}}
	wantReleased(t, w, c, duty.ID, &published)
	if published.reserved != 1 || published.tried != 1 {
		t.Errorf("one use took of the quota %d times and stands in the book %d times", published.reserved, published.tried)
	}
	for node := range w.nodes {
		deadline := time.Now().Add(20 * time.Second)
		for w.nodes[node].exchange.Live().Editions[0].Number != 2 {
			if time.Now().After(deadline) {
				t.Fatalf("node %d has not taken the edition over", node)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// countsAndPublishes is the store of a path; an edition is published when the first use
// takes of its quota, after it was decided and before it is recorded.
type countsAndPublishes struct {
	*postgres.DB
	publish         func()
	reserved, tried int
}

func (c *countsAndPublishes) ReserveUses(ctx context.Context, grant string, day time.Time, quota, chunk int) (int, error) {
	if c.reserved++; c.reserved == 1 {
		c.publish()
	}
	return c.DB.ReserveUses(ctx, grant, day, quota, chunk)
}

func (c *countsAndPublishes) TryTest(ctx context.Context, try predicate.Try) (bool, error) {
	c.tried++
	return c.DB.TryTest(ctx, try)
}

// wantReleased puts a test through a path that has its own store.
func wantReleased(t *testing.T, w *world, c *caller, basisID string, store *countsAndPublishes) {
	t.Helper()
	n := w.nodes[0]
	config := n.path(n.exchange.Live(), messages.New(n.keyring.Persons(), n.database, time.Now))
	config.Grants, config.Tests = store, store
	var path *exchange.Service
	config.Refresh = func(ctx context.Context) error {
		return errors.Join(n.refresh(ctx), path.Adopt(n.exchange.Live()))
	}
	path, err := exchange.New(config)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"item":%q,"fields":["name"],"operation":"PREDICATE","tests":[{"field":"name","test":"=","value":"测试乙"}],
		"subject":{"id_type":"111","id_number":%q},"service_item":%q,"case_no":"BT-2026-000001","officer_ref":"officer-0002",
		"purpose":"employment-subsidy","basis_id":%q}`, insurance, firstCitizen(), butieMatter, basisID)
	_, signed := c.signed(c.shot(body))
	released, err := path.Exchange(t.Context(), exchange.Call{
		Method: signed.Method, TargetURI: signed.TargetURI, Header: signed.Header, Body: []byte(body), TraceID: "0123456789abcdef0123456789abcdef",
	})
	if err != nil || released.Status != http.StatusOK {
		t.Fatal(err)
	}
	if at := path.Live().Editions[0].Number; at != 2 {
		t.Errorf("it was released under edition %d", at)
	}
}

// publishChanged publishes the catalogue with one text changed, by two people; one
// alone cannot, and what was planned against another edition is refused.
func publishChanged(t *testing.T, w *world, from, to []byte, more ...byte) {
	t.Helper()
	database, now := w.nodes[0].database, time.Now()
	current, err := database.Edition(t.Context(), editions.Catalogue, 1)
	if err != nil {
		t.Fatal(err)
	}
	changed := append(bytes.Replace(current.Content, from, to, 1), more...)
	if bytes.Equal(changed, current.Content) {
		t.Fatal("the text is not in the catalogue")
	}
	var live exchange.Live
	files, err := editions.Unpack(changed)
	if err != nil {
		t.Fatal(err)
	}
	if err := takeCatalogue(&live, w.nodes[0].config, files); err != nil {
		t.Fatal(err)
	}
	proposal := editions.Proposal{
		Kind: editions.Catalogue, Digest: live.Catalog.Digest(), Based: 1, Content: changed, Proposer: gateway.Account{Ref: "staff-bureau-01"}, ProposedAt: now,
	}
	id, _, err := database.ProposeEdition(t.Context(), proposal)
	if err != nil {
		t.Fatal(err)
	}
	late, _, err := database.ProposeEdition(t.Context(), proposal)
	if err != nil {
		t.Fatal(err)
	}
	for _, attempt := range []struct{ id, by, code string }{
		{id, "staff-bureau-01", "second-person"},
		{id, "staff-bureau-02", ""},
		{id, "staff-bureau-02", "proposal-decided"},
		{late, "staff-bureau-02", "edition-outdated"},
		{"none", "staff-bureau-02", "proposal-unknown"},
	} {
		_, _, err := database.ConfirmEdition(t.Context(), editions.Decision{Kind: editions.Catalogue, ID: attempt.id, By: gateway.Account{Ref: attempt.by}, To: editions.Published, At: now}, anything)
		code := ""
		if err != nil {
			code = gateway.AsError(err).Code
		}
		if code != attempt.code {
			t.Fatalf("%s confirms: %q, want %q", attempt.by, code, attempt.code)
		}
	}
}

func anything(editions.Proposal, map[string]editions.InForce) error { return nil }
