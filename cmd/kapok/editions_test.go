package main

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
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
	publishChanged(t, w, []byte("version: 1\n    name: \"居民户籍登记信息\""), []byte("version: 2\n    name: \"居民户籍登记信息\""))

	got := department.send(shot(1))
	if got.status == http.StatusOK {
		t.Fatalf("the next call on the other node was decided under the former edition: %s", got.body)
	}
	after := w.nodes[1].exchange.Live()
	if after.Editions[0].Number != 2 || after.Catalog.Digest() == before.Catalog.Digest() {
		t.Errorf("the other node is at %+v", after.Editions)
	}
	wantNoPersonalData(t, w)
}

// TestNodesTakeOverByThemselves: nobody calls, and both nodes have the new edition.
func TestNodesTakeOverByThemselves(t *testing.T) {
	w := newWorld(t, 2)
	publishChanged(t, w, []byte("居民户籍登记信息"), []byte("居民户籍登记信息(新)"))
	for node := range w.nodes {
		deadline := time.Now().Add(10 * time.Second)
		for w.nodes[node].exchange.Live().Editions[0].Number != 2 {
			if time.Now().After(deadline) {
				t.Fatalf("node %d has not taken the edition over", node)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// publishChanged publishes the catalogue with one text changed, by two people; one
// alone cannot, and what was planned against another edition is refused.
func publishChanged(t *testing.T, w *world, from, to []byte) {
	t.Helper()
	database, now := w.nodes[0].database, time.Now()
	current, err := database.Edition(t.Context(), editions.Catalogue, 1)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(current.Content, from, to, 1)
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
		Kind: editions.Catalogue, Digest: live.Catalog.Digest(), Based: 1, Content: changed, ProposedBy: "staff-bureau-01", ProposedAt: now,
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
		_, _, err := database.ConfirmEdition(t.Context(), editions.Catalogue, attempt.id, attempt.by, now)
		code := ""
		if err != nil {
			code = gateway.AsError(err).Code
		}
		if code != attempt.code {
			t.Fatalf("%s confirms: %q, want %q", attempt.by, code, attempt.code)
		}
	}
}
