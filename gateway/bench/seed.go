package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// seeding gives the node what it would have after some time in use: enrolled keys,
// consents in force and consents withdrawn, each with its entry in the ledger. It
// goes through the stores and a log of its own, as the pages' own calls do.
type seeding struct {
	database *postgres.DB
	people   *postgres.People
	log      *ledger.Log
	signing  keys.Signing
}

const (
	seedAtOnce = 64 // consents on their way at the same time, so that they share commits
	provider   = "mps"
)

// putSecrets stores Kapok's own key on the platform, and something for each source of the
// example that is never asked here: a node does not start without its sources' secrets.
func (s *stage) putSecrets(file *keys.File) error {
	const neverAsked = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1" // serves as an SM2 private key too
	for _, name := range []string{"province-licence-secret", "province-licence-password", "province-share-token", "province-share-key"} {
		if err := file.PutSecret(name, []byte(neverAsked)); err != nil {
			return err
		}
	}
	return file.PutSecret(s.item.Settings["app_key"], []byte(s.source.secret))
}

// prepareNode makes the keys, the schema and what the calls rest on.
func (s *stage) prepareNode(ctx context.Context) (err error) {
	s.passphrase = rand.Text()
	file, err := keys.OpenFile(s.keysFolder(), []byte(s.passphrase), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := s.putSecrets(file); err != nil {
		return err
	}
	s.pinned = ledger.Bundle{Name: "bench", Roots: [][]byte{file.Root()}}
	database, err := postgres.Open(ctx, s.database.DSN(), postgres.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	if err := database.Migrate(ctx); err != nil {
		return err
	}
	if s.settings, err = database.Settings(ctx); err != nil {
		return err
	}
	return s.seed(ctx, file, database)
}

func (s *stage) keysFolder() string { return filepath.Join(s.dir, "keys") }

func (s *stage) seed(ctx context.Context, file *keys.File, database *postgres.DB) (err error) {
	operational, err := keys.StartOperational(ctx, file, keys.OperationalOptions{
		Name: "bench-seed", Root: file.Root(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer operational.Close()
	log, err := ledger.Open(ctx, database.Ledger(), ledger.Options{
		Origin: "bench.invalid/seed", Node: "bench-seed",
		Signing: func() ledger.Signing {
			current := operational.Current()
			return ledger.Signing{Signer: current.Signer, Chain: current.Chain}
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close(context.WithoutCancel(ctx))) }()
	seeds := &seeding{database: database, people: database.People(file.Lookup().All).WithKeys(file.Persons()), log: log, signing: operational.Current()}
	if err := seeds.enrol(ctx, s.people.systems); err != nil {
		return fmt.Errorf("bench: enrol the systems' keys: %w", err)
	}
	s.o.say("recording %d consents", len(s.people.citizens))
	if err := seeds.consents(ctx, s.people); err != nil {
		return fmt.Errorf("bench: record the consents: %w", err)
	}
	return nil
}

func (s *seeding) enrol(ctx context.Context, systems []system) error {
	now := time.Now()
	for _, one := range systems {
		_, pending, err := s.database.EnrolKey(ctx, postgres.Enrolment{
			System: one.id, Public: one.key.Public(), From: now.Add(-time.Minute), Actor: "bench", At: now,
		})
		if err != nil {
			return err
		}
		if _, err := s.log.Drain(ctx, pending); err != nil {
			return err
		}
	}
	return nil
}

// consents records one for each citizen and withdraws those that are to be refused.
func (s *seeding) consents(ctx context.Context, p population) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range seedAtOnce {
		group.Go(func() error {
			for index := int(next.Add(1) - 1); index < len(p.citizens); index = int(next.Add(1) - 1) {
				if err := s.consent(ctx, &p.citizens[index], p.systems[p.systemOf(index)], withdrew(index)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (s *seeding) consent(ctx context.Context, who *citizen, to system, withdrawn bool) error {
	ref, err := s.people.SubjectRef(ctx, who.identity)
	if err != nil {
		return err
	}
	now := time.Now()
	made, err := basis.New(consentTo(to, ref, now), now)
	if err != nil {
		return err
	}
	signed, err := basis.Sign(ctx, made, s.signing.Signer, s.signing.Certificate)
	if err != nil {
		return err
	}
	pending, err := s.database.InsertBasis(ctx, signed, now)
	if err != nil {
		return err
	}
	who.basis = made.ID
	if _, err := s.log.Drain(ctx, pending); err != nil || !withdrawn {
		return err
	}
	_, pending, err = s.database.ChangeBasis(ctx, basis.Change{
		ID: made.ID, SubjectRef: ref, Event: basis.EventWithdrawn, Actor: ref, At: time.Now(),
	})
	if err != nil {
		return err
	}
	_, err = s.log.Drain(ctx, pending)
	return err
}

// consentTo drafts what a citizen agreed to: exactly what the calls ask for.
func consentTo(to system, ref string, now time.Time) basis.Basis {
	return basis.Basis{
		Kind: basis.Consent, SubjectRef: ref, Actor: basis.Actor{Ref: ref, AuthLevel: "L3", Method: "oidc"},
		Department: callers, System: to.id, Provider: provider,
		Item: item, ItemVersion: 1, Fields: granted, Operations: []gateway.Operation{gateway.View},
		Purpose: purpose, PurposeText: "社会救助资格审核", ServiceItem: matter,
		From: now, Expires: now.AddDate(0, 1, 0), EraseAt: now.AddDate(0, 1, 0),
		Notice: basis.Notice{ID: "bench", Version: "1", SM3: shownNotice, Language: "zh-CN", ShownAt: now},
		Rights: basis.Rights{Withdraw: "/v1/me/bases/{id}/withdraw", Contact: "测试部门"},
	}
}

// shownNotice stands for the SM3 of a notice; nobody was shown one.
const shownNotice = "0000000000000000000000000000000000000000000000000000000000000000"
