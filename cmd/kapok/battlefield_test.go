package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/crypto/httpsig"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres/local"
	"kapok/gateway/postgres/pgtest"
)

// gatewayProgram is built once, when a test first wants it.
var gatewayProgram = sync.OnceValues(func() (string, error) {
	program := filepath.Join(filepath.Dir(sandboxProgram), "kapok")
	out, err := exec.Command("go", "build", "-o", program, "kapok/cmd/kapok").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build kapok: %w\n%s", err, out)
	}
	return program, err
})

// battlefield is a gateway as a process of its own, a PostgreSQL that may be killed,
// and callers who do not give up.
type battlefield struct {
	*world
	department *caller // that the load calls as

	server  *local.Server
	folder  string // of the server's data
	anchors string
	file    string // configuration
	address string
	origin  string
	bundle  ledger.Bundle
	gateway *exec.Cmd

	stop chan struct{}
	load sync.WaitGroup

	mu       sync.Mutex
	releases []release
	token    string
	renewed  time.Time
}

func newBattlefield(t *testing.T) *battlefield {
	t.Helper()
	server, folder := pgtest.Durable(t)
	w := &world{t: t, public: publicURL, dsn: server.DSN(), logs: &bytes.Buffer{}}
	w.startSandbox()
	keyFolder := t.TempDir()
	w.keys = keysConfig{Backend: fileBackend, Folder: keyFolder, PassphraseFile: filepath.Join(keyFolder, "passphrase"), Lifetime: time.Hour}
	b := &battlefield{world: w, server: server, folder: folder, anchors: filepath.Join(keyFolder, "anchors"), address: freeAddress(t), stop: make(chan struct{})}
	basis := b.prepare()
	b.writeConfig(keyFolder)
	for range 4 {
		b.load.Go(func() { b.call(b.department, ask(basis, "name", "state")) })
	}
	t.Cleanup(b.end)
	return b
}

// prepare enrols a caller and registers what its calls rest on, by a node that is
// gone when the load begins.
func (b *battlefield) prepare() (basis string) {
	b.t.Helper()
	n := b.startHere("preparation")
	b.department, basis = b.enrol(dibao), b.statutory("name", "state")
	var err error
	if b.bundle, err = ledger.ParseBundle(n.bundle()); err != nil {
		b.t.Fatal(err)
	}
	if err := n.stop(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return basis
}

// startHere starts a node in this process, the only one that the world knows of.
func (b *battlefield) startHere(name string) *node {
	b.t.Helper()
	log := newLog(io.Discard)
	ring, err := (&trial{out: io.Discard}).openKeys(b.t.Context(), b.keys, log)
	if err != nil {
		b.t.Fatal(err)
	}
	n, err := startNode(b.t.Context(), b.config(name), ring, log)
	if err != nil {
		b.t.Fatal(err)
	}
	b.nodes = []*node{n}
	return n
}

func (b *battlefield) writeConfig(folder string) {
	b.t.Helper()
	c := b.config("node-x")
	b.origin = originOf(c, 1)
	c.Listen, c.Ledger = b.address, ledgerConfig{Anchors: b.anchors, AnchorEvery: 100 * time.Millisecond}
	b.file = filepath.Join(folder, "kapok.yaml")
	if err := os.WriteFile(b.file, yamlOf(c, b.outside), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// yamlOf writes a configuration as an operator would.
func yamlOf(c config, outside string) []byte {
	return fmt.Appendf(nil, `
listen: %s
public_url: %s
node: %s
log_name: %s
database: {url: %q}
ledger: {anchors: %s, anchor_every: %s}
keys: {backend: file, folder: %s, passphrase_file: %s, lifetime: 1h}
catalog: {values: {SANDBOX_URL: %q, OIDC_ISSUER: %q}}
sign_in: {issuer: %q, client_id: kapok}
`, c.Listen, c.PublicURL, c.Node, c.LogName, c.Database.URL, c.Ledger.Anchors, c.Ledger.AnchorEvery,
		c.Keys.Folder, c.Keys.PassphraseFile, outside, outside, outside)
}

func (b *battlefield) startGateway() {
	b.t.Helper()
	program, err := gatewayProgram()
	if err != nil {
		b.t.Fatal(err)
	}
	command := exec.Command(program, "serve", "--config", b.file)
	said := &bytes.Buffer{}
	command.Stderr = said
	if err := command.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.gateway = command
	for end := time.Now().Add(20 * time.Second); !alive(b.t.Context(), "http://"+b.address+"/livez"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) || command.ProcessState != nil {
			b.killGateway()
			b.t.Fatalf("the gateway does not come up:\n%s", said)
		}
	}
}

// restartServer is as patient as whatever restarts a service: what the killed server
// left behind may hold its shared memory for a moment.
func (b *battlefield) restartServer() {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		server, err := local.Start(b.t.Context(), local.Options{Dir: b.folder})
		if err == nil {
			b.server = server
			return
		}
		if time.Now().After(end) {
			b.t.Fatal(err)
		}
	}
}

func (b *battlefield) killGateway() {
	if b.gateway != nil {
		_ = b.gateway.Process.Kill() // SIGKILL
		_ = b.gateway.Wait()         // it was killed
		b.gateway = nil
	}
}

// stopLoad waits until no call is under way.
func (b *battlefield) stopLoad() {
	select {
	case <-b.stop:
	default:
		close(b.stop)
	}
	b.load.Wait()
}

func (b *battlefield) end() {
	b.stopLoad()
	b.killGateway()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := b.server.Stop(ctx); err != nil {
		b.t.Error(err)
	}
}

func (b *battlefield) given() []release {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.releases
}

// waitForRelease returns when some more calls have been answered.
func (b *battlefield) waitForRelease() {
	b.t.Helper()
	before := len(b.given())
	for end := time.Now().Add(30 * time.Second); len(b.given()) <= before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("nothing is released any more")
		}
	}
}

// call asks until the load ends; every failure is taken as it comes.
func (b *battlefield) call(department *caller, body string) {
	client := &http.Client{Timeout: 10 * time.Second}
	for {
		select {
		case <-b.stop:
			return
		default:
		}
		given, err := b.try(client, department, body)
		if err != nil {
			time.Sleep(20 * time.Millisecond) // more often, they would hold up who is to answer them
			continue
		}
		b.mu.Lock()
		b.releases = append(b.releases, given)
		b.mu.Unlock()
	}
}

func (b *battlefield) try(client *http.Client, department *caller, body string) (release, error) {
	token, err := b.tokenOf(client, department)
	if err != nil {
		return release{}, err
	}
	s := department.shot(body)
	s.header.Set("Authorization", "Bearer "+token)
	s.header.Set("Content-Digest", httpsig.ContentDigest(s.body))
	message := httpsig.Message{Method: s.method, TargetURI: s.target, Header: s.header}
	if err := httpsig.Sign(context.Background(), message, s.params, department.key); err != nil {
		return release{}, err
	}
	request, err := http.NewRequest(s.method, strings.Replace(s.target, publicURL, "http://"+b.address, 1), bytes.NewReader(s.body))
	if err != nil {
		return release{}, err
	}
	request.Header = s.header
	var given release
	return given, answerOf(client, request, &given)
}

// tokenOf renews in good time.
func (b *battlefield) tokenOf(client *http.Client, department *caller) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.renewed) < 30*time.Second {
		return b.token, nil
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {department.assertion(publicURL+"/oauth2/token", rand.Text())},
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+b.address+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := answerOf(client, request, &granted); err != nil {
		return "", err
	}
	b.token, b.renewed = granted.Token, time.Now()
	return b.token, nil
}

func answerOf(client *http.Client, request *http.Request, into any) error {
	res, err := client.Do(request)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%d: %s", res.StatusCode, body)
	}
	return json.Unmarshal(body, into)
}
