package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway/postgres/local"
)

// trial is a Kapok on this machine with everything that it needs beside it.
type trial struct {
	folder  string // data, kept between starts
	listen  string
	sandbox string // program; empty: no sandbox
	outside string // address of the sandbox
	verify  string // the kapok-verify program
	demo    bool
	backend string // of the long-lived keys
	vault   vaultConfig
	out     io.Writer
	began   time.Time
	clock   string // where the workflow's clock begins
}

const (
	sandboxAppKey     = "sandbox-app-key-440106" // the sandbox's; a real one is in Vault
	sandboxSecretName = "national-platform-app-key"

	// Of the source that deploy/examples/rest-source.yaml adds.
	disabilityKey        = "sandbox-bureau-key-440106"
	disabilitySecretName = "disability-api-key"
)

// trialSecrets is what the sandbox's systems share with Kapok. deploy/vault/run.sh puts the
// same into a trial's Vault.
func trialSecrets() map[string]string {
	return map[string]string{
		sandboxSecretName: sandboxAppKey, disabilitySecretName: disabilityKey,
		"tif-token-thrs-ywt":             "sandbox-tif-token-440106",
		"licence-app-secret-thrs-zhck":   "sandbox-licence-app-secret-440106",
		"licence-app-password-thrs-zhck": "sandbox-licence-app-password-440106",
		"share-token-thrs":               "sandbox-share-token-thrs",
		"province-share-token":           "sandbox-share-token-440106",
		"province-share-key":             "4c1fe73923bc113accaa8c97ac78f6c395cee0e89652ec5356c9d5c2ab4e640c", // of the sandbox's consumer
		"province-licence-secret":        "sandbox-licence-secret-440106", "province-licence-password": "sandbox-licence-password-440106",
	}
}

// dev starts PostgreSQL, the sandbox and a node, shows what they do, and stays up
// until Ctrl-C.
func dev(ctx context.Context, args []string, out io.Writer) error {
	t := trial{out: out, began: time.Now()}
	flags := flag.NewFlagSet("dev", flag.ContinueOnError)
	flags.StringVar(&t.folder, "data", "var/dev", "folder of the trial's data, kept between starts")
	flags.StringVar(&t.listen, "listen", "127.0.0.1:8640", "address of Kapok")
	flags.StringVar(&t.sandbox, "sandbox", "", "the kapok-sandbox program; empty: none is started")
	flags.StringVar(&t.outside, "sandbox-listen", "127.0.0.1:8641", "address of the sandbox")
	flags.StringVar(&t.verify, "verify", "bin/kapok-verify", "the kapok-verify program, for the demonstration")
	flags.StringVar(&t.backend, "keys", fileBackend, "where the long-lived keys are: file or vault")
	flags.StringVar(&t.vault.Address, "vault-address", "http://127.0.0.1:8200", "Vault's address")
	flags.StringVar(&t.vault.RoleIDFile, "vault-role-id", "var/vault/role-id", "file of the AppRole's role id")
	flags.StringVar(&t.vault.SecretIDFile, "vault-secret-id", "var/vault/secret-id", "file of the AppRole's secret id")
	flags.StringVar(&t.clock, "trial-clock", "2026-04-27T09:00:00+08:00", "where the clock begins by which statutory terms run, and from where POST /v1/trial/clock moves it on; only a trial has that")
	flags.BoolVar(&t.demo, "demo", false, "drive the demonstration once everything is up")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if t.demo && t.sandbox == "" {
		return errors.New("--demo needs --sandbox")
	}
	return t.run(ctx)
}

func (t *trial) run(ctx context.Context) error {
	for _, address := range []string{t.listen, t.outside} {
		if err := free(ctx, address); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(t.folder, 0o755); err != nil {
		return err
	}
	data, err := t.databaseFolder()
	if err != nil {
		return err
	}
	server, err := local.Start(ctx, local.Options{Dir: data, Progress: t.say})
	if err != nil {
		return err
	}
	err = t.withDatabase(ctx, server.DSN())
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	return errors.Join(err, server.Stop(stopping))
}

// databaseFolder is beside the trial's other data, unless PostgreSQL, which does not
// run as root, could not get there. Each trial has its own.
func (t *trial) databaseFolder() (string, error) {
	absolute, err := filepath.Abs(t.folder)
	if err != nil {
		return "", err
	}
	name := sm.Sum([]byte(absolute))
	return local.Dir(filepath.Join(absolute, "postgres"), hex.EncodeToString(name[:8]))
}

// free says plainly that somebody else has the address.
func free(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%s is taken (%w): stop what listens there, or choose another with --listen and --sandbox-listen", address, err)
	}
	return listener.Close()
}

func (t *trial) withDatabase(ctx context.Context, dsn string) error {
	c, err := t.config(dsn)
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(t.folder, "kapok.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	log := newLog(logFile)
	t.say("bringing the database to this release's schema")
	if err := migrateTo(ctx, c, log); err != nil {
		return err
	}
	if t.sandbox != "" {
		stopSandbox, err := t.startSandbox(ctx)
		if err != nil {
			return err
		}
		defer stopSandbox()
	}
	return t.withNode(ctx, c, log)
}

func (t *trial) config(dsn string) (config, error) {
	c := defaults()
	c.Listen, c.PublicURL = t.listen, "http://"+t.listen
	c.Node, c.LogName = "dev", "kapok.example"
	c.Database.URL = dsn
	c.Ledger.Anchors = filepath.Join(t.folder, "anchors")
	c.Keys.Backend, c.Keys.Vault = t.backend, t.vault
	c.Keys.Folder = filepath.Join(t.folder, "keys")
	c.Keys.PassphraseFile = filepath.Join(t.folder, "passphrase")
	outside := "http://" + t.outside
	c.Catalog.Values = map[string]string{"SANDBOX_URL": outside, "OIDC_ISSUER": outside}
	c.SignIn = signInConfig{Issuer: outside, ClientID: "kapok"}
	var err error
	if c.trialStart, err = time.Parse(time.RFC3339, t.clock); err != nil {
		return config{}, fmt.Errorf("--trial-clock is a time as in RFC 3339: %w", err)
	}
	return c, c.check()
}

// makePassphrase writes a random one where there is none: the trial's keys are sealed,
// and the passphrase lies beside them. For a trial that will do.
func makePassphrase(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return os.WriteFile(path, []byte(rand.Text()+"\n"), 0o600)
}

func (t *trial) startSandbox(ctx context.Context) (stop func(), err error) {
	t.say("starting the sandbox: the national platform, the identity provider")
	ctx, cancel := context.WithCancel(ctx)
	sandbox, err := startChild(ctx, io.Discard, t.sandbox, "serve", "--address", t.outside, "--parent-dies",
		"--app-key", sandboxAppKey, "--redirect", "http://"+t.listen+"/auth/callback")
	if err != nil {
		cancel()
		return nil, err
	}
	stop = func() {
		cancel()
		<-sandbox.done //nolint:errcheck // how it ended is no matter any more
	}
	if err := sandbox.answers(ctx, "http://"+t.outside+"/_sandbox/alive"); err != nil {
		cancel()
		return nil, err
	}
	return stop, nil
}

func (t *trial) withNode(ctx context.Context, c config, log *slog.Logger) error {
	ring, err := t.openKeys(ctx, c.Keys, log)
	if err != nil {
		return err
	}
	n, err := startNode(ctx, c, ring, log)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return errors.Join(err, n.stop(context.WithoutCancel(ctx)))
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- n.serve(serving, listener) }()
	err = t.show(ctx, n)
	if err == nil {
		t.warn("the clock of statutory terms is a trial's: it began at " + t.clock + " and anybody can move it on")
		t.say("up; Ctrl-C stops everything. The log is " + filepath.Join(t.folder, "kapok.log"))
		select {
		case err = <-served:
			return err
		case <-ctx.Done():
		}
	}
	stop()
	return errors.Join(err, <-served)
}

// openKeys opens the trial's keys; those in a file also keep what the sandbox's
// platform shares with Kapok. In Vault, whoever set it up has put it.
func (t *trial) openKeys(ctx context.Context, c keysConfig, log *slog.Logger) (keyring, error) {
	if c.Backend != fileBackend {
		t.say("signing in to Vault at " + c.Vault.Address)
		return openKeyring(ctx, c, log)
	}
	t.warn("keys are sealed in a file, its passphrase beside them: for trials only, never for real data")
	if err := makePassphrase(c.PassphraseFile); err != nil {
		return nil, err
	}
	file, err := fileKeys(c, log)
	if err != nil {
		return nil, err
	}
	return file, putTrialSecrets(ctx, file)
}

// putTrialSecrets stores what is not there as it should be.
func putTrialSecrets(ctx context.Context, file *keys.File) error {
	for name, value := range trialSecrets() {
		if kept, err := file.Secret(ctx, name); err == nil && kept == value {
			continue
		}
		if err := file.PutSecret(name, []byte(value)); err != nil {
			return err
		}
	}
	return nil
}

// show enrols the sandbox's departments and lets it drive the demonstration.
func (t *trial) show(ctx context.Context, n *node) error {
	pinned := filepath.Join(t.folder, "bundle.json")
	if err := os.WriteFile(pinned, n.bundle(), 0o644); err != nil { //nolint:gosec // public by nature
		return err
	}
	if t.sandbox == "" {
		return nil
	}
	departments := filepath.Join(t.folder, "sandbox")
	if err := t.enrol(ctx, n, departments); err != nil {
		return err
	}
	t.say(fmt.Sprintf("serving at %s after %.1f s", n.config.PublicURL, time.Since(t.began).Seconds()))
	if !t.demo {
		return nil
	}
	demonstration, err := startChild(ctx, t.out, t.sandbox, "demo", "--kapok", n.config.PublicURL,
		"--bundle", pinned, "--dir", departments, "--verify", t.verify)
	if err != nil {
		return err
	}
	if err := <-demonstration.done; err != nil && ctx.Err() == nil {
		return fmt.Errorf("the demonstration failed: %w", err)
	}
	return nil
}

// enrol does what an operator does when a department brings its public key.
func (t *trial) enrol(ctx context.Context, n *node, folder string) error {
	command := exec.CommandContext(ctx, t.sandbox, "keys", "--dir", folder)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	if err != nil {
		return fmt.Errorf("the sandbox's keys: %w", err)
	}
	lines := bufio.NewScanner(strings.NewReader(string(printed)))
	for lines.Scan() {
		system, path, _ := strings.Cut(lines.Text(), "\t")
		enrolment, err := readEnrolment(n.exchange.Catalog(), system, path)
		if err != nil {
			return err
		}
		if _, _, err := n.database.EnrolKey(ctx, enrolment); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (t *trial) say(step string) {
	fmt.Fprintf(t.out, "· %5.1f s  %s\n", time.Since(t.began).Seconds(), step)
}

func (t *trial) warn(what string) { fmt.Fprintf(t.out, "! %s\n", what) }
