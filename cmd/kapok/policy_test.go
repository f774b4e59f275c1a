package main

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kapok/gateway"
	"kapok/gateway/replay"
	"kapok/policies"
)

// policyFolder is the example set on disk, with a rule more.
func policyFolder(t *testing.T, rule string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, policies.Example()); err != nil {
		t.Fatal(err)
	}
	if rule != "" {
		text := "// 依据: 测试\n\n@id(\"more\") @zh(\"测试\") @en(\"test\") " + rule
		if err := os.WriteFile(filepath.Join(folder, "district", "more.cedar"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const noView = `@remedy_zh("无") @remedy_en("none") forbid (principal, action == Action::"VIEW", resource);`

// TestReplayReadsWhatThePathRecorded: on the real path and the real store.
func TestReplayReadsWhatThePathRecorded(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	id := w.statutory("name", "state")
	for i := range 4 {
		s := department.shot(ask(id, "name"))
		s.node = i % 2
		if got := department.send(s); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	department.send(department.shot(ask(id, "name", "phone"))) // refused: not in the basis
	inForce := w.nodes[0].exchange.Live().Policies
	with, err := policies.Load(os.DirFS(policyFolder(t, noView)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	report, err := replay.Run(t.Context(), w.nodes[0].database.Ledger(), inForce, with, now.Add(-time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	want := []replay.Change{{
		Effect: replay.Loses, Department: "tianhe-minzheng", System: dibao, Item: household, Operation: gateway.View,
		Fields: []string{"name"}, Before: "allow notify", After: "policy-forbids", Policy: "more", Count: 4,
	}}
	if diff := cmp.Diff(want, report.Changes); diff != "" || report.Decisions != 5 || report.Differing != 0 || report.Anew != 0 {
		t.Errorf("%+v\n%s", report, diff)
	}
}

// policy runs `kapok policy …`.
func policy(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := policyCommand(context.Background(), args, &out)
	return out.String(), err
}

func TestPolicyCheck(t *testing.T) {
	if out, err := policy(t, "check", policyFolder(t, "")); err != nil || !strings.Contains(out, "policies") {
		t.Errorf("%s, %v", out, err)
	}
	_, err := policy(t, "check", policyFolder(t, `permit (principal, action, resource) when { context.purpose == 3 };`))
	if err == nil || !strings.Contains(err.Error(), "district/more.cedar:3: the types Long and String are not compatible") {
		t.Errorf("a type error: %v", err)
	}
}

func TestPolicyTest(t *testing.T) {
	tests := t.TempDir()
	for name, text := range map[string]string{
		"base.json": mustRead(t, "../../policies/testdata/base.json"),
		"own.txtar": "-- view.request --\n{\"Ask\": {\"Operation\": \"COPY\"}}\n-- view.decision --\n" +
			"refused: policy-silent\npolicy-silent\n  没有规则允许这样使用(COPY)。\n  No policy allows this use (COPY).\nremedy\n" +
			"  改用要求较低的方式(VERIFY、VIEW),或请本部门提出允许这种使用的规则。\n  Use a lesser operation (VERIFY, VIEW), or have your department propose a policy that allows this one.\n",
	} {
		if err := os.WriteFile(filepath.Join(tests, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := policy(t, "test", policyFolder(t, ""), tests); err != nil || !strings.Contains(out, "1 of 1") {
		t.Errorf("%s, %v", out, err)
	}
	changed := policyFolder(t, `permit (principal, action == Action::"COPY", resource);`)
	if out, err := policy(t, "test", changed, tests); err == nil || !strings.Contains(out, "FAIL own/view") {
		t.Errorf("a set that decides otherwise passed: %s", out)
	}
}

func mustRead(t *testing.T, file string) string {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPolicyExplain: a refusal tells how to become allowed, and following it works.
func TestPolicyExplain(t *testing.T) {
	request := filepath.Join(t.TempDir(), "request.json")
	explain := func(text string) string {
		if err := os.WriteFile(request, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := policy(t, "explain", request)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	without := `{"system": "tianhe-minzheng-dibao", "item": "1010010001/000001", "fields": ["name"], "operation": "VIEW",
		"service_item": "11440106KAPK0002272010511001000", "case_no": "DB-1", "purpose": "assistance-review"`
	if out := explain(without + "}"); !strings.Contains(out, "refused: basis-missing") || !strings.Contains(out, "step: register-statutory") {
		t.Error(out)
	}
	if out := explain(without + `, "basis_kind": "STATUTORY"}`); !strings.HasPrefix(out, "allowed\nnational-statutory-duty") || !strings.Contains(out, "grant: grant-dibao-household") {
		t.Error(out)
	}
	if err := os.WriteFile(request, []byte(`{"system": "nobody", "item": "1010010001/000001"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := policy(t, "explain", request); err == nil || !strings.Contains(err.Error(), "system-unknown") {
		t.Errorf("an unknown system: %v", err)
	}
}
