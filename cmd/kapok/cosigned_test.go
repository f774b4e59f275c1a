package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
)

// TestEvidenceWithAWitness: a witness cosigned a later checkpoint than the receipts'; a
// reader who pins its key is told so, and no other key, line or checkpoint passes.
func TestEvidenceWithAWitness(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	basis := w.statutory("name")
	released := readRelease(t, department.send(department.shot(ask(basis, "name"))))
	readRelease(t, department.send(department.shot(ask(basis, "name"))))
	w.wantRelease(t, released.ExchangeID)
	n := w.nodes[0]
	heads, err := n.database.Ledger().Checkpoints(t.Context())
	if err != nil || len(heads) != 1 {
		t.Fatal(len(heads), err)
	}
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	note, err := ledger.Cosign(t.Context(), heads[0], "witness.example.cn/1", key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	reader := newReader(n.database, n.keyring)
	asked := reading{ref: released.ExchangeID, actor: "bureau-7", reason: "测试", cosigned: []string{note}}
	bundle, err := reader.evidence(t.Context(), asked)
	if err != nil || len(bundle.Cosigned) < 2 {
		t.Fatalf("%d cosignatures, %v", len(bundle.Cosigned), err)
	}
	var file bytes.Buffer
	if err := bundle.Write(&file); err != nil {
		t.Fatal(err)
	}
	pinned := pinnedOf(t, w)
	other, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		pin    []ledger.WitnessKey
		spoil  func(*evidence.Bundle)
		status ledger.Status
		says   string
	}{
		{"pinned", []ledger.WitnessKey{{Name: "witness.example.cn/1", Public: key.Public()}}, nil, ledger.Pass, "by a pinned witness"},
		{"not pinned", nil, nil, ledger.Pass, "NOT judged"},
		{"another key of that name", []ledger.WitnessKey{{Name: "witness.example.cn/1", Public: other.Public()}}, nil, ledger.Fail, "another witness"},
		{"no line", nil, func(b *evidence.Bundle) { b.Cosigned[0].Line = "" }, ledger.Fail, ""},
		{"no such entry", nil, func(b *evidence.Bundle) { b.Cosigned[0].Entry = -1 }, ledger.Fail, ""},
		{"another proof", nil, func(b *evidence.Bundle) {
			b.Cosigned[0].Consistency = bytes.Replace(b.Cosigned[0].Consistency, []byte(`"proof":[`), []byte(`"proof":["AAAA",`), 1)
		}, ledger.Fail, ""},
	} {
		spoilt, _, err := evidence.Parse(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if c.spoil != nil {
			c.spoil(&spoilt)
		}
		report := evidence.VerifyBy(mustWrite(t, spoilt), evidence.Trust{Pinned: pinned, Witnesses: c.pin}, verifier)
		if step := stepOf(report, "witnesses"); step.Status != c.status || !strings.Contains(step.Why, c.says) {
			t.Errorf("%s: %+v", c.name, report.Steps)
		}
	}
	asked.cosigned = []string{strings.Replace(note, "sealed 2", "sealed 3", 1)}
	if _, err := reader.evidence(t.Context(), asked); err == nil {
		t.Error("a checkpoint that the log does not hold was taken")
	}
}
