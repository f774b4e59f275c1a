package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"runtime/pprof"

	"kapok/catalog"
	"kapok/gateway/httpapi"
	"kapok/gateway/postgres"
	"kapok/policies"
)

// configOf reads the flag that every command of the operator has, and returns the
// words that follow.
func configOf(command string, args []string) (config, []string, error) {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	path := flags.String("config", "", "configuration file (YAML); KAPOK_… variables override it")
	if err := flags.Parse(args); err != nil {
		return config{}, nil, err
	}
	c, err := readConfig(*path)
	return c, flags.Args(), err
}

// newLog writes one JSON object a line; it holds no personal data.
func newLog(out io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(out, nil)) }

// serve runs one node until it is told to stop.
func serve(ctx context.Context, args []string, _ io.Writer) error {
	c, _, err := configOf("serve", args)
	if err != nil {
		return err
	}
	stopProfile, err := profile(c.Profile)
	if err != nil {
		return err
	}
	tuneMemory()
	go httpapi.Prepare() // while the keys are derived and the ledger is opened
	log := newLog(os.Stderr)
	ring, err := openKeyring(ctx, c.Keys, log)
	if err != nil {
		return errors.Join(err, stopProfile())
	}
	n, err := startNode(ctx, c, ring, log)
	if err != nil {
		return errors.Join(err, stopProfile())
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return errors.Join(err, n.stop(ctx), stopProfile())
	}
	n.log.Info("serving", "address", listener.Addr().String(), "public_url", c.PublicURL, "catalog", n.exchange.Catalog().Digest())
	return errors.Join(n.serve(ctx, listener), stopProfile())
}

// profile writes a CPU profile of the whole run, for `kapok bench`.
func profile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("cpu_profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

func migrate(ctx context.Context, args []string, _ io.Writer) error {
	c, _, err := configOf("migrate", args)
	if err != nil {
		return err
	}
	return migrateTo(ctx, c, newLog(os.Stderr))
}

func migrateTo(ctx context.Context, c config, log *slog.Logger) error {
	database, err := postgres.Open(ctx, c.Database.URL, postgres.Options{Log: log})
	if err != nil {
		return err
	}
	defer database.Close()
	return database.Migrate(ctx)
}

func loadCatalog(c catalogConfig) (*catalog.Catalog, error) {
	return catalog.Load(folderOr(c.Folder, catalog.Example()), c.Values)
}

func loadPolicies(folder string) (*policies.Set, error) {
	return policies.Load(folderOr(folder, policies.Example()))
}

func folderOr(folder string, example fs.FS) fs.FS {
	if folder == "" {
		return example
	}
	return os.DirFS(folder)
}

// placeholders stand for the addresses that only an installation knows.
func placeholders() map[string]string {
	return map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"}
}

// bundle prints what kapok-verify pins.
func bundle(ctx context.Context, args []string, out io.Writer) error {
	c, _, err := configOf("bundle", args)
	if err != nil {
		return err
	}
	ring, err := openKeyring(ctx, c.Keys, newLog(os.Stderr))
	if err != nil {
		return err
	}
	_, err = out.Write((&node{config: c, keyring: ring}).bundle())
	return err
}
