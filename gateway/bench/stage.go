package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"kapok/catalog"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres/local"
)

// stage is everything that stays up while the contenders take their turns.
type stage struct {
	o        Options
	dir      string
	source   *source
	database *local.Server
	people   population
	item     catalog.Connection // how the source is asked
	settings map[string]string  // of the database
	pinned   ledger.Bundle      // the node's root

	passphrase string // of the node's key file

	ending []func() error // what [stage.clear] does, last first
}

// source is the sandbox's process.
type source struct {
	process *child
	base    string
	secret  string // Kapok's own key on the platform
}

// build makes the stage. What was built is cleared when it fails.
func build(ctx context.Context, o Options) (_ *stage, err error) {
	s := &stage{o: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.clear())
		}
	}()
	for _, step := range []func(context.Context) error{
		s.makeFolder, s.startDatabase, s.startSource, s.populate, s.prepareNode,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// clear ends the processes and deletes the folder.
func (s *stage) clear() error {
	var failures []error
	for i := len(s.ending) - 1; i >= 0; i-- {
		failures = append(failures, s.ending[i]())
	}
	s.ending = nil
	return errors.Join(failures...)
}

func (s *stage) afterwards(do func() error) { s.ending = append(s.ending, do) }

// onDisk is where temporary files are kept that have to survive the machine: unlike
// /tmp it is never memory.
const onDisk = "/var/tmp"

func (s *stage) makeFolder(context.Context) error {
	parent := s.o.Dir
	if parent == "" {
		parent = onDisk
	}
	dir, err := os.MkdirTemp(parent, "kapok-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	s.dir = dir
	s.afterwards(func() error { return os.RemoveAll(dir) })
	return os.Chmod(dir, 0o711) // PostgreSQL's account has to walk through
}

// startDatabase starts a PostgreSQL of this run's own, durable as any: nothing of it
// is set for the benchmark.
func (s *stage) startDatabase(ctx context.Context) error {
	s.o.say("starting a PostgreSQL of its own, in %s", s.dir)
	server, err := local.Start(ctx, local.Options{Dir: filepath.Join(s.dir, "postgres"), Progress: s.o.Progress})
	if err != nil {
		return err
	}
	s.database = server
	s.afterwards(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return server.Stop(ctx)
	})
	return nil
}

func (s *stage) startSource(ctx context.Context) error {
	s.o.say("starting the source with %d citizens", s.o.Citizens)
	secret := rand.Text()
	process, err := start("the sandbox", s.o.Sandbox, []string{
		"serve", "--address", "127.0.0.1:0", "--parent-dies", "--citizens", strconv.Itoa(s.o.Citizens), "--app-key", secret,
	}, nil)
	if err != nil {
		return err
	}
	s.afterwards(process.stop)
	base, err := process.firstLine(ctx, 10*time.Second)
	s.source = &source{process: process, base: base, secret: secret}
	return err
}

// populate makes the callers, their grants, and learns whom the source knows.
func (s *stage) populate(ctx context.Context) error {
	systems, err := newSystems(s.o.Systems)
	if err != nil {
		return err
	}
	citizens, err := namedCitizens(ctx, s.source.base, s.o.Citizens)
	if err != nil {
		return err
	}
	s.people = population{systems: systems, citizens: citizens}
	directory, err := writeCatalogue(s.catalogueFolder(), systems, s.catalogueValues())
	if err != nil {
		return err
	}
	connection, known := directory.Connection(item)
	if !known {
		return errors.New("bench: the example catalogue has no source for the item of the load")
	}
	s.item = connection
	return nil
}

func (s *stage) catalogueFolder() string { return filepath.Join(s.dir, "catalogue") }

// catalogueValues are what the example's placeholders stand for.
func (s *stage) catalogueValues() map[string]string {
	return map[string]string{"SANDBOX_URL": s.source.base, "OIDC_ISSUER": s.source.base}
}

// sourceSecret answers the name that the example catalogue gives to Kapok's own key.
func (s *stage) sourceSecret(string) (string, error) { return s.source.secret, nil }

// ask takes down the question anew: the headers' time must not be old.
func (s *stage) ask(ctx context.Context) (question, error) {
	return askOnce(ctx, s.item, s.sourceSecret, s.people.citizens[0].identity)
}
