package engine_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"kapok/cmd/vault-plugin-gm/engine"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// mount is the engine over storage in memory, as Vault would hold it.
type mount struct {
	t       testing.TB
	backend logical.Backend
	storage logical.Storage
}

type fields = map[string]any

func newMount(t testing.TB) *mount {
	t.Helper()
	backend, err := engine.Factory(t.Context(), &logical.BackendConfig{System: logical.TestSystemView()})
	if err != nil {
		t.Fatal(err)
	}
	return &mount{t, backend, &logical.InmemStorage{}}
}

func (m *mount) try(operation logical.Operation, path string, data fields) (*logical.Response, error) {
	return m.backend.HandleRequest(m.t.Context(), &logical.Request{Operation: operation, Path: path, Data: data, Storage: m.storage, EntityID: "tester"})
}

// do expects success.
func (m *mount) do(operation logical.Operation, path string, data fields) fields {
	m.t.Helper()
	response, err := m.try(operation, path, data)
	if err != nil || response.IsError() {
		m.t.Fatalf("%s %s: %v %v", operation, path, response, err)
	}
	if response == nil {
		return nil
	}
	return response.Data
}

func (m *mount) write(path string, data fields) fields {
	return m.do(logical.UpdateOperation, path, data)
}
func (m *mount) read(path string) fields { return m.do(logical.ReadOperation, path, nil) }

// refused expects a refusal whose text holds a phrase.
func (m *mount) refused(path string, data fields, phrase string) {
	m.t.Helper()
	response, err := m.try(logical.UpdateOperation, path, data)
	if err != nil || !response.IsError() {
		m.t.Errorf("%s was not refused: %v %v", path, response, err)
		return
	}
	if !strings.Contains(response.Error().Error(), phrase) {
		m.t.Errorf("%s was refused for another reason: %v", path, response.Error())
	}
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func (m *mount) publicKey(name string) *sm.PublicKey {
	m.t.Helper()
	point, err := hex.DecodeString(m.read("public/" + name)["public_key"].(string))
	if err != nil {
		m.t.Fatal(err)
	}
	public, err := sm.ParsePublicKey(point)
	if err != nil {
		m.t.Fatal(err)
	}
	return public
}

func TestSignAndVerify(t *testing.T) {
	m := newMount(t)
	m.write("keys/seal-a", fields{"kind": "seal"})
	public, v := m.publicKey("seal-a"), sm.NewVerifier(sm.VerifierOptions{Both: true})
	message := []byte("测试")
	digest, err := public.Digest([]byte(sm.DefaultID), message)
	if err != nil {
		t.Fatal(err)
	}
	for name, encoding := range map[string]sm.Encoding{"der": sm.DER, "raw": sm.Raw} {
		for _, input := range []fields{{"input": b64(message)}, {"digest": b64(digest[:])}} {
			input["encoding"] = name
			signature := m.write("sign/seal-a", input)["signature"].(string)
			decoded, err := base64.StdEncoding.DecodeString(signature)
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Verify("test", public, message, decoded, encoding); err != nil {
				t.Errorf("%s %v: %v", name, input, err)
			}
			input["signature"] = signature
			if answer := m.write("verify/seal-a", input); answer["valid"] != true || answer["verdict"] != "valid" {
				t.Errorf("verify: %v", answer)
			}
			input["input"], input["digest"] = b64([]byte("other")), ""
			if answer := m.write("verify/seal-a", input); answer["valid"] != false || answer["verdict"] != "invalid" {
				t.Errorf("verify of another message: %v", answer)
			}
		}
	}
}

func TestBatch(t *testing.T) {
	m := newMount(t)
	m.write("keys/seal-a", fields{"kind": "seal"})
	items := []any{}
	for i := range 50 {
		items = append(items, fields{"input": b64([]byte{byte(i)})})
	}
	items = append(items, fields{"digest": "AAAA"}, "no object", fields{"input": "AA==", "extra": "x"})
	results := m.write("sign/seal-a", fields{"batch_input": items})["batch_results"].([]any)
	for i, result := range results {
		_, failed := result.(map[string]any)["error"]
		if failed != (i >= 50) {
			t.Errorf("item %d: %v", i, result)
		}
		if i < 50 {
			items[i].(fields)["signature"] = result.(map[string]any)["signature"]
		}
	}
	for i, result := range m.write("verify/seal-a", fields{"batch_input": items[:50]})["batch_results"].([]any) {
		if result.(map[string]any)["valid"] != true {
			t.Errorf("item %d: %v", i, result)
		}
	}
	m.refused("sign/seal-a", fields{"batch_input": []any{}}, "1 to 5000")
	m.refused("sign/seal-a", fields{"batch_input": make([]any, 5001)}, "1 to 5000")
}

func TestVersions(t *testing.T) {
	m := newMount(t)
	m.write("keys/k", nil)
	m.refused("keys/k", nil, "already")
	old := m.write("sign/k", fields{"input": "AA=="})
	m.write("keys/k/rotate", nil)
	fresh := m.write("sign/k", fields{"input": "AA=="})
	if old["key_version"] != 1 || fresh["key_version"] != 2 {
		t.Errorf("versions %v, %v", old["key_version"], fresh["key_version"])
	}
	check := func(version int, signature any) fields {
		return m.write("verify/k", fields{"input": "AA==", "signature": signature, "key_version": version})
	}
	if check(1, old["signature"])["valid"] != true || check(2, old["signature"])["valid"] != false {
		t.Error("versions are not told apart")
	}
	m.refused("keys/k/config", fields{"min_version": 3}, "latest")
	m.write("keys/k/config", fields{"min_version": 2})
	m.refused("keys/k/config", fields{"min_version": 1}, "present value")
	m.refused("sign/k", fields{"input": "AA==", "key_version": 1}, "min_version")
	if tidied := m.write("tidy", nil); tidied["versions_destroyed"] != 1 {
		t.Errorf("tidied: %v", tidied)
	}
	m.refused("sign/k", fields{"input": "AA==", "key_version": 1}, "no such version")
	m.write("sign/k", fields{"input": "AA=="})
}

func TestDeletion(t *testing.T) {
	m := newMount(t)
	m.write("keys/k", nil)
	if response, err := m.try(logical.DeleteOperation, "keys/k", nil); err != nil || !response.IsError() {
		t.Errorf("deleted: %v %v", response, err)
	}
	m.write("keys/k/config", fields{"deletion_allowed": true})
	m.do(logical.DeleteOperation, "keys/k", nil)
	if response, err := m.try(logical.ReadOperation, "keys/k", nil); response != nil || err != nil {
		t.Errorf("still there: %v %v", response, err)
	}
}

// No path gives a private key away: every stored secret is looked for in every
// answer that can be had.
func TestPrivateKeysDoNotLeave(t *testing.T) {
	m := newMount(t)
	m.write("keys/k", fields{"kind": "seal"})
	m.write("keys/k/rotate", nil)
	m.write("authorities/ca/root", fields{"common_name": "根"})
	answers := []fields{
		m.read("keys/k"), m.read("keys/ca"), m.read("public/k"), m.read("public/ca"), m.read("authorities/ca"),
		m.write("keys/k/request", fields{"common_name": "x"}), m.write("keys/k/config", nil),
		m.write("keys/k/rotate", nil), m.write("authorities/ca/crl", nil), m.read("authorities/ca/crl"), m.write("tidy", nil),
	}
	text, err := json.Marshal(answers)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range m.secrets("k", "ca") {
		for _, form := range []string{b64(secret), hex.EncodeToString(secret), b64(secret)[:20], string(secret)} {
			if strings.Contains(string(text), form) {
				t.Error("a private key stands in an answer")
			}
		}
	}
	for _, path := range []string{"export/k", "keys/k/export", "export/public/k", "backup/k", "key/k", "keys/k/backup"} {
		if _, err := m.try(logical.ReadOperation, path, nil); err == nil {
			t.Errorf("%s is served", path)
		}
	}
}

func (m *mount) secrets(names ...string) [][]byte {
	m.t.Helper()
	var found [][]byte
	for _, name := range names {
		entry, err := m.storage.Get(m.t.Context(), "key/"+name)
		if err != nil || entry == nil {
			m.t.Fatal(name, err)
		}
		var record struct {
			Versions map[int]struct {
				D []byte `json:"d"`
			} `json:"versions"`
		}
		if err := json.Unmarshal(entry.Value, &record); err != nil {
			m.t.Fatal(err)
		}
		for _, version := range record.Versions {
			if len(version.D) != 32 {
				m.t.Fatal("the test does not find the secrets")
			}
			found = append(found, version.D)
		}
	}
	return found
}

func parseOne(t testing.TB, text any) *pki.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text.(string)))
	if block == nil {
		t.Fatal("no PEM")
	}
	certificate, err := pki.Parse(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func request(t testing.TB, key *sm.PrivateKey) string {
	t.Helper()
	der, err := pki.NewSigningRequest(t.Context(), key, "ignored")
	if err != nil {
		t.Fatal(err)
	}
	return b64(der)
}

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAuthorityKeySignsNothingElse(t *testing.T) {
	m := newMount(t)
	m.write("authorities/ca/root", fields{"common_name": "根"})
	m.refused("sign/ca", fields{"input": "AA=="}, "certificates and revocation lists only")
	m.refused("sign/ca", fields{"digest": b64(make([]byte, 32))}, "certificates and revocation lists only")
	m.refused("sign/ca", fields{"batch_input": []any{fields{"input": "AA=="}}}, "certificates and revocation lists only")
	m.refused("keys/ca/rotate", nil, "new authority")
	m.refused("keys/ca", fields{"kind": "seal"}, "already")
	m.refused("keys/other", fields{"kind": "authority"}, "seal or signing")
}

func operationalRole(m *mount) {
	m.write("authorities/ca/root", fields{"common_name": "测试根"})
	m.write("roles/gateway", fields{"authority": "ca", "usage": "operational", "max_ttl": "12h", "allowed_names": "kapok-*", "organization": "测试区"})
}

func TestIssueByRole(t *testing.T) {
	m := newMount(t)
	operationalRole(m)
	key := newKey(t)
	answer := m.write("issue/gateway", fields{"csr": request(t, key), "common_name": "kapok-node-1", "ttl": "2h"})
	leaf, root := parseOne(t, answer["certificate"]), parseOne(t, m.read("authorities/ca")["certificate"])
	public, err := pki.VerifyOperational(sm.NewVerifier(sm.VerifierOptions{}), "test", [][]byte{leaf.Raw}, []*pki.Certificate{root}, time.Now())
	if err != nil || !public.Equal(key.Public()) {
		t.Fatalf("%v", err)
	}
	if leaf.CommonName() != "kapok-node-1" || leaf.Subject.Organization() != "测试区" || leaf.IsCA {
		t.Errorf("subject %v", leaf.Subject)
	}
	if life := time.Until(leaf.NotAfter); life > 2*time.Hour || life < 2*time.Hour-time.Minute {
		t.Errorf("life %v", life)
	}
	if strings.Count(answer["chain"].(string), "BEGIN CERTIFICATE") != 2 {
		t.Errorf("chain %v", answer["chain"])
	}
}

func TestIssueRefuses(t *testing.T) {
	m := newMount(t)
	operationalRole(m)
	good := fields{"csr": request(t, newKey(t)), "common_name": "kapok-1"}
	m.write("issue/gateway", good)
	with := func(name string, value any) fields {
		changed := fields{"csr": good["csr"], "common_name": good["common_name"]}
		changed[name] = value
		return changed
	}
	m.refused("issue/gateway", with("common_name", "other"), "does not allow")
	m.refused("issue/gateway", with("common_name", ""), "1 to 64")
	m.refused("issue/gateway", with("ttl", "13h"), "beyond")
	m.refused("issue/gateway", with("csr", "no base64!"), "neither PEM nor base64")
	unproven := []byte(good["csr"].(string))
	unproven[len(unproven)-6] ^= 1
	m.refused("issue/gateway", with("csr", string(unproven)), "csr")
	m.refused("issue/none", good, "nothing of this name")
}

func TestRolesAreBounded(t *testing.T) {
	m := newMount(t)
	operationalRole(m)
	good := fields{"authority": "ca", "usage": "operational", "max_ttl": "24h", "allowed_names": "kapok-*"}
	m.write("roles/r", good)
	for name, c := range map[string]struct {
		value  any
		phrase string
	}{
		"max_ttl":       {"25h", "max_ttl"},
		"usage":         {"authority", "usage is"},
		"allowed_names": {"[", "pattern"},
		"authority":     {"none", "nothing of this name"},
	} {
		changed := fields{}
		for key, value := range good {
			changed[key] = value
		}
		changed[name] = c.value
		m.refused("roles/r", changed, c.phrase)
	}
	if role := m.read("roles/r"); role["max_ttl"] != 24*3600 {
		t.Errorf("%v", role)
	}
}

func TestRevokeAndTidy(t *testing.T) {
	m := newMount(t)
	operationalRole(m)
	answer := m.write("issue/gateway", fields{"csr": request(t, newKey(t)), "common_name": "kapok-1", "ttl": "1s"})
	m.refused("authorities/ca/revoke", fields{"serial": "ABCDEF"}, "nothing of this name")
	m.refused("authorities/ca/revoke", fields{"serial": answer["serial"], "reason": 6}, "reason")
	m.write("authorities/ca/revoke", fields{"serial": answer["serial"], "reason": 1})
	block, _ := pem.Decode([]byte(m.write("authorities/ca/crl", nil)["crl"].(string)))
	list, err := pki.ParseCRL(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	leaf, root := parseOne(t, answer["certificate"]), parseOne(t, m.read("authorities/ca")["certificate"])
	err = pki.VerifyChain(sm.NewVerifier(sm.VerifierOptions{}), "test", leaf, nil, []*pki.Certificate{root}, leaf.NotAfter, list)
	if !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("chain: %v", err)
	}
	if tidied := m.write("tidy", nil); tidied["certificates_forgotten"] != 0 {
		t.Errorf("forgotten too early: %v", tidied)
	}
	time.Sleep(2100 * time.Millisecond)
	if tidied := m.write("tidy", fields{"safety": 0}); tidied["certificates_forgotten"] != 1 {
		t.Errorf("not forgotten: %v", tidied)
	}
}

func TestSubordinateAuthority(t *testing.T) {
	m := newMount(t)
	outer := newKey(t)
	now := time.Now()
	rootDER, err := pki.NewRoot(t.Context(), outer, "外部根", now.Add(-time.Hour), now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	root := parseOne(t, string(pki.PEM(rootDER)))
	csr, _ := pem.Decode([]byte(m.write("authorities/sub/request", fields{"common_name": "下级"})["request"].(string)))
	v := sm.NewVerifier(sm.VerifierOptions{})
	asked, err := pki.ParseSigningRequest(v, "test", csr.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	certify := func(public *sm.PublicKey, usage pki.Usage) string {
		der, err := pki.Issue(t.Context(), root, outer, pki.Request{Name: "下级", Usage: usage, From: now, To: now.AddDate(0, 6, 0), Public: public})
		if err != nil {
			t.Fatal(err)
		}
		return string(pki.PEM(der, rootDER))
	}
	role := fields{"authority": "sub", "usage": "operational", "max_ttl": "1h", "allowed_names": "*"}
	m.refused("roles/r", role, "no certificate yet")
	m.refused("authorities/sub/certificate", fields{"chain": certify(newKey(t).Public(), pki.Authority)}, "not for this authority's key")
	m.refused("authorities/sub/certificate", fields{"chain": certify(asked.Public, pki.Seal)}, "not an authority's")
	m.write("authorities/sub/certificate", fields{"chain": certify(asked.Public, pki.Authority)})
	m.write("roles/r", role)
	answer := m.write("issue/r", fields{"csr": request(t, newKey(t)), "common_name": "kapok-1"})
	if strings.Count(answer["chain"].(string), "BEGIN CERTIFICATE") != 3 {
		t.Error("the chain does not reach the root")
	}
	leaf, middle := parseOne(t, answer["certificate"]), parseOne(t, m.read("authorities/sub")["certificate"])
	if err := pki.VerifyChain(v, "test", leaf, []*pki.Certificate{middle}, []*pki.Certificate{root}, time.Now()); err != nil {
		t.Error(err)
	}
}

// FuzzRequests: no body makes the engine panic or break.
func FuzzRequests(f *testing.F) {
	m := newMount(f)
	operationalRole(m)
	m.write("keys/k", nil)
	f.Add("sign/k", []byte(`{"input":"AA=="}`))
	f.Add("verify/k", []byte(`{"batch_input":[{"input":"AA==","signature":"AA=="}]}`))
	f.Add("issue/gateway", []byte(`{"csr":"MAA=","common_name":"kapok-1"}`))
	f.Add("authorities/ca/certificate", []byte(`{"chain":"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		var data fields
		if json.Unmarshal(body, &data) != nil || strings.HasPrefix(path, "keys/") {
			return
		}
		request := &logical.Request{Operation: logical.UpdateOperation, Path: path, Data: data, Storage: m.storage}
		_, _ = m.backend.HandleRequest(t.Context(), request)
	})
}

// BenchmarkBatchSign measures signatures a second inside the engine, without
// Vault's own cost.
func BenchmarkBatchSign(b *testing.B) {
	m := newMount(b)
	m.write("keys/k", nil)
	items := make([]any, 1000)
	for i := range items {
		items[i] = fields{"digest": b64(make([]byte, 32))}
	}
	for b.Loop() {
		m.write("sign/k", fields{"batch_input": items})
	}
	b.ReportMetric(float64(b.N*len(items))/b.Elapsed().Seconds(), "signatures/s")
}
