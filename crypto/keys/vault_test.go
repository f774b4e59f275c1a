package keys_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"kapok/crypto/keys"
	"kapok/crypto/keys/vaulttest"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// One real Vault serves the tests of this package; it starts when first asked for.
var shared struct {
	once   sync.Once
	server *vaulttest.Server
	err    error
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kapok-vault-")
	if err != nil {
		panic(err)
	}
	vaultDir = dir
	code := m.Run()
	if shared.server != nil {
		err = shared.server.Stop()
	}
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

var vaultDir string

func realVault(t testing.TB) *vaulttest.Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = vaulttest.Open(vaultDir) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

var logins atomic.Int32 // each login is an AppRole of its own

func constant(value string) func() (string, error) {
	return func() (string, error) { return value, nil }
}

// login makes an AppRole and the configuration to use it.
func login(t testing.TB, server *vaulttest.Server, policies string, settings ...string) keys.VaultConfig {
	t.Helper()
	name := fmt.Sprintf("test-%d", logins.Add(1))
	role, secret := server.Login(t, name, append([]string{"token_policies=" + policies}, settings...)...)
	return keys.VaultConfig{Address: server.Address, RoleID: constant(role), SecretID: constant(secret), Log: quiet()}
}

func openVault(t testing.TB, config keys.VaultConfig) *keys.Vault {
	t.Helper()
	v, err := keys.OpenVault(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close(context.WithoutCancel(t.Context())) }) // some tests leave Vault sealed or stopped
	return v
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if failed := gateway.AsError(err); err == nil || failed.Code != code {
		t.Errorf("%s: %v, want code %s", what, err, code)
	}
}

func TestVaultCertifiesTheOperationalKey(t *testing.T) {
	v := openVault(t, login(t, realVault(t), "kapok-gateway"))
	o := start(t, v, keys.OperationalOptions{Life: time.Hour, Root: v.Root()})
	root, err := pki.Parse(v.Root())
	if err != nil {
		t.Fatal(err)
	}
	verifySigning(t, o.Current(), root)
	if left := time.Until(o.Current().NotAfter); left > time.Hour || left < 59*time.Minute {
		t.Errorf("it lives for %v", left)
	}
	if _, err := v.Certify(t.Context(), newKey(t), "node", 25*time.Hour); err == nil {
		t.Error("the engine certified for more than a day")
	}
}

func TestVaultKeepsTheSameSecretsForAllNodes(t *testing.T) {
	server := realVault(t)
	config := login(t, server, "kapok-gateway")
	one, other := openVault(t, config), openVault(t, config)
	person := identity(t, gateway.CitizenID, "11010519491231002X")
	if one.Lookup().Current(person) != other.Lookup().Current(person) {
		t.Error("two nodes make different tokens")
	}
	wrapped, _, err := one.Persons().Create(keys.SafeKey, "ref")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Persons().Open(t.Context(), keys.SafeKey, "ref", wrapped); err != nil {
		t.Error(err)
	}
	server.Command(t, "kv", "put", "-mount=kapok", "connectors/national", "value=s3cret\n")
	if value, err := one.Secret(t.Context(), "national"); err != nil || value != "s3cret" {
		t.Errorf("%q, %v", value, err)
	}
	_, err = one.Secret(t.Context(), "none")
	wantCode(t, "a secret that is not there", err, "secret-not-found")
}

func TestKeyOfficerRotatesAndDestroys(t *testing.T) {
	server := realVault(t)
	officer := clientFor(t, login(t, server, "kapok-key-officer")).Token()
	gatewayConfig := login(t, server, "kapok-gateway")
	gatewayConfig.RefreshEvery = time.Hour
	node, other := openVault(t, gatewayConfig), openVault(t, gatewayConfig)
	old, _, err := node.Persons().Create(keys.RecordKey, "old")
	if err != nil {
		t.Fatal(err)
	}
	server.Versions(t, officer, "rotate", "wrapping")
	rotated := openVault(t, gatewayConfig)
	if rotated.Persons().Version() != node.Persons().Version()+1 {
		t.Errorf("version %d after %d", rotated.Persons().Version(), node.Persons().Version())
	}
	fresh, changed, err := rotated.Persons().Rewrap(t.Context(), keys.RecordKey, "old", old)
	if err != nil || !changed {
		t.Fatalf("rewrapped %v, %v", changed, err)
	}
	if _, err := other.Persons().Open(t.Context(), keys.RecordKey, "old", fresh); err != nil {
		t.Errorf("a node does not learn of the new version: %v", err)
	}
	if out, err := server.TryVersions(t, officer, "destroy", "wrapping", fmt.Sprint(rotated.Persons().Version())); err == nil {
		t.Errorf("the version in force was destroyed: %s", out)
	}
	server.Versions(t, officer, "destroy", "wrapping", fmt.Sprint(node.Persons().Version()))
	after := openVault(t, gatewayConfig)
	if _, err := after.Persons().Open(t.Context(), keys.RecordKey, "old", old); !errors.Is(err, keys.ErrDestroyed) {
		t.Errorf("what a destroyed key wrapped: %v", err)
	}
	if _, err := after.Persons().Open(t.Context(), keys.RecordKey, "old", fresh); err != nil {
		t.Errorf("what was rewrapped: %v", err)
	}
	history := server.Command(t, "kv", "metadata", "get", "-mount=kapok", "keys/wrapping")
	if strings.Count(history, "destroyed        true") != 2 {
		t.Errorf("earlier versions of the entry are not destroyed:\n%s", history)
	}
}

func TestNodesLearnOfANewLookupKey(t *testing.T) {
	server := realVault(t)
	officer := clientFor(t, login(t, server, "kapok-key-officer")).Token()
	config := login(t, server, "kapok-gateway")
	config.RefreshEvery = 100 * time.Millisecond
	node := openVault(t, config)
	person := identity(t, gateway.CitizenID, "11010519491231002X")
	before := node.Lookup().Current(person)
	server.Versions(t, officer, "rotate", "lookup")
	for deadline := time.Now().Add(10 * time.Second); node.Lookup().Current(person) == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the node does not learn of the new version")
		}
	}
	if all := node.Lookup().All(person); len(all) != 2 || all[1] != before {
		t.Errorf("%d tokens; the older one is lost", len(all))
	}
}

// The rights that a captured gateway would have.
func TestGatewayIsDenied(t *testing.T) {
	server := realVault(t)
	config := login(t, server, "kapok-gateway")
	client := clientFor(t, config)
	if out, err := server.TryVersions(t, client.Token(), "rotate", "wrapping"); err == nil {
		t.Errorf("a gateway rotated the wrapping key: %s", out)
	}
	server.Command(t, "write", "gm/keys/seal-denied", "kind=seal")
	input := map[string]any{"input": "AA=="}
	for _, path := range []string{"gm/sign/district", "gm/sign/seal-denied", "gm/authorities/district/crl", "gm/authorities/district/revoke", "gm/roles/operational", "gm/issue/other", "gm/keys/mine", "gm/tidy", "transit/encrypt/kapok", "transit/datakey/plaintext/kapok", "transit/export/encryption-key/kapok", "kapok/data/keys/wrapping", "kapok/data/connectors/mine", "sys/policies/acl/kapok-gateway", "auth/token/create"} {
		if _, err := client.Logical().Write(path, input); !denied(err) {
			t.Errorf("writing %s: %v", path, err)
		}
	}
	for _, path := range []string{"gm/keys/district", "gm/keys/seal-denied", "gm/public/seal-denied", "transit/export/encryption-key/kapok", "transit/keys/kapok", "auth/approle/role/kapok-gateway/role-id", "sys/raw/logical"} {
		if _, err := client.Logical().Read(path); !denied(err) {
			t.Errorf("reading %s: %v", path, err)
		}
	}
}

func TestAuthorityKeyNeverSignsForRootEither(t *testing.T) {
	server := realVault(t)
	client := rootClient(t, server)
	_, err := client.Logical().Write("gm/sign/district", map[string]any{"input": "AA=="})
	if err == nil || !strings.Contains(err.Error(), "certificates and revocation lists only") {
		t.Errorf("raw signature with the authority's key: %v", err)
	}
	for _, path := range []string{"gm/export/district", "gm/keys/district/export", "gm/key/district"} {
		if answer, err := client.Logical().Read(path); answer != nil {
			t.Errorf("%s is served: %v", path, err)
		}
	}
}

func TestEachSealHasItsOwnPolicy(t *testing.T) {
	server := realVault(t)
	for _, seal := range []string{"seal-one", "seal-two"} {
		server.Command(t, "write", "gm/keys/"+seal, "kind=seal")
	}
	policy, err := os.ReadFile("../../deploy/vault/policies/seal.hcl")
	if err != nil {
		t.Fatal(err)
	}
	rootClientPolicy(t, server, "kapok-seal-one", strings.ReplaceAll(string(policy), "SEAL", "seal-one"))
	client := clientFor(t, login(t, server, "kapok-seal-one"))
	if _, err := client.Logical().Write("gm/sign/seal-one", map[string]any{"input": "AA=="}); err != nil {
		t.Error(err)
	}
	if _, err := client.Logical().Write("gm/sign/seal-two", map[string]any{"input": "AA=="}); !denied(err) {
		t.Errorf("another seal's key: %v", err)
	}
}

func TestVaultNotThereAtStart(t *testing.T) {
	server := realVault(t)
	config := login(t, server, "kapok-gateway")

	elsewhere := config
	elsewhere.Address = "http://127.0.0.1:1"
	_, err := keys.OpenVault(t.Context(), elsewhere)
	wantCode(t, "gone", err, "key-service-unavailable")

	wrong := config
	wrong.SecretID = constant("00000000-0000-0000-0000-000000000000")
	_, err = keys.OpenVault(t.Context(), wrong)
	wantCode(t, "wrong secret id", err, "key-service-refused")

	file := filepath.Join(t.TempDir(), "secret-id")
	write(t, file, []byte("00000000-0000-0000-0000-000000000000\n"))
	wrong.SecretID = keys.FromFile(file)
	_, err = keys.OpenVault(t.Context(), wrong)
	wantCode(t, "wrong secret id in a file", err, "key-service-refused")
	right, err := config.SecretID()
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, []byte(right+"\n"))
	openVault(t, wrong)

	_, err = keys.OpenVault(t.Context(), login(t, server, "default"))
	wantCode(t, "no rights", err, "key-service-refused")

	server.Seal(t)
	_, err = keys.OpenVault(t.Context(), config)
	wantCode(t, "sealed", err, "key-service-sealed")
	server.Unseal(t)
	openVault(t, config)
}

func TestVaultGoneLater(t *testing.T) {
	server := realVault(t)
	v := openVault(t, login(t, server, "kapok-gateway"))
	o := start(t, v, keys.OperationalOptions{Life: 6 * time.Second, RenewBefore: 3 * time.Second})
	server.Seal(t)
	first := o.Current()
	for time.Now().Before(first.NotAfter.Add(-100 * time.Millisecond)) {
		if _, err := o.Current().Signer.Sign(t.Context(), []byte("m"), sm.DER); err != nil {
			t.Fatalf("the key does not go on while Vault is sealed: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !o.Current().NotAfter.Equal(first.NotAfter) {
		t.Fatal("the key was renewed while Vault was sealed: the test shows nothing")
	}
	time.Sleep(time.Until(first.NotAfter.Add(100 * time.Millisecond)))
	_, err := o.Current().Signer.Sign(t.Context(), []byte("m"), sm.DER)
	wantCode(t, "past its end", err, "signing-key-ended")
	_, err = v.Secret(t.Context(), "national")
	wantCode(t, "a secret while sealed", err, "key-service-sealed")

	server.Unseal(t)
	for deadline := time.Now().Add(20 * time.Second); o.Ready() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("Vault is back and no key was certified")
		}
	}
}

func TestVaultStoppedAndStartedAgain(t *testing.T) {
	server := realVault(t)
	v := openVault(t, login(t, server, "kapok-gateway"))
	wrapped, _, err := v.Persons().Create(keys.SafeKey, "ref")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	_, err = v.Certify(t.Context(), newKey(t), "node", time.Hour)
	wantCode(t, "certifying", err, "key-service-unavailable")
	if _, err := v.Persons().Open(t.Context(), keys.SafeKey, "ref", wrapped); err != nil {
		t.Errorf("what was unwrapped at start is gone with Vault: %v", err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Certify(t.Context(), newKey(t), "node", time.Hour); err != nil {
		t.Errorf("Vault is back: %v", err)
	}
}

func TestTokensAreRenewedAndReplaced(t *testing.T) {
	server := realVault(t)
	server.Command(t, "kv", "put", "-mount=kapok", "connectors/token", "value=x")
	v := openVault(t, login(t, server, "kapok-gateway", "token_ttl=2s", "token_max_ttl=4s"))
	for end := time.Now().Add(9 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, err := v.Secret(t.Context(), "token"); err != nil {
			t.Fatalf("with tokens of two seconds: %v", err)
		}
	}
	lasting := openVault(t, login(t, server, "kapok-gateway", "token_ttl=1h"))
	time.Sleep(1100 * time.Millisecond)
	server.Command(t, "lease", "revoke", "-prefix", "-sync", "auth/approle/login")
	if _, err := lasting.Secret(t.Context(), "token"); err != nil {
		t.Errorf("after the token was revoked: %v", err)
	}
}

func TestCloseGivesTheTokenBack(t *testing.T) {
	server := realVault(t)
	v, err := keys.OpenVault(t.Context(), login(t, server, "kapok-gateway"))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func denied(err error) bool {
	failed, ok := errors.AsType[*api.ResponseError](err)
	return ok && failed.StatusCode == 403
}

func newClient(t testing.TB, address string) *api.Client {
	t.Helper()
	client, err := api.NewClient(&api.Config{Address: address, MaxRetries: 0})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// clientFor is Vault's own client with the rights of a login.
func clientFor(t testing.TB, config keys.VaultConfig) *api.Client {
	t.Helper()
	role, _ := config.RoleID()
	secret, _ := config.SecretID()
	client := newClient(t, config.Address)
	answer, err := client.Logical().Write("auth/approle/login", map[string]any{"role_id": role, "secret_id": secret})
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken(answer.Auth.ClientToken)
	return client
}

func rootClient(t testing.TB, server *vaulttest.Server) *api.Client {
	t.Helper()
	client := newClient(t, server.Address)
	client.SetToken(server.RootToken(t))
	return client
}

func rootClientPolicy(t testing.TB, server *vaulttest.Server, name, rules string) {
	t.Helper()
	if err := rootClient(t, server).Sys().PutPolicy(name, rules); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkVaultSign measures one signature by the engine, over HTTP and the
// plugin's pipe.
func BenchmarkVaultSign(b *testing.B) {
	server := realVault(b)
	server.Command(b, "write", "gm/keys/"+strings.ToLower(b.Name()), "kind=seal")
	client := rootClient(b, server)
	input := map[string]any{"input": base64.StdEncoding.EncodeToString(make([]byte, 1024))}
	for b.Loop() {
		if _, err := client.Logical().Write("gm/sign/"+strings.ToLower(b.Name()), input); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVaultBatchSign measures the same with 1,000 digests a call.
func BenchmarkVaultBatchSign(b *testing.B) {
	server := realVault(b)
	server.Command(b, "write", "gm/keys/"+strings.ToLower(b.Name()), "kind=seal")
	client := rootClient(b, server)
	items := make([]any, 1000)
	for i := range items {
		items[i] = map[string]any{"digest": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))}
	}
	for b.Loop() {
		if _, err := client.Logical().Write("gm/sign/"+strings.ToLower(b.Name()), map[string]any{"batch_input": items}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(items))/b.Elapsed().Seconds(), "signatures/s")
}
