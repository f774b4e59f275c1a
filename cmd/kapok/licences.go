package main

import (
	"context"
	"fmt"
	"time"

	"kapok/catalog"
	"kapok/crypto/pki"
	"kapok/gateway/basis"
	"kapok/gateway/cases"
	"kapok/gateway/exchange"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
	"kapok/gateway/licensing"
	"kapok/gateway/messages"
	"kapok/gateway/safe"
)

// newLicences joins what makes licences. The catalogue is the path's own, which is
// opened after it.
func (n *node) newLicences(keeper *messages.Keeper) (*licensing.Service, error) {
	seals, err := n.sealVerifier()
	if err != nil {
		return nil, err
	}
	return licensing.New(licensing.Config{
		Catalog: func() *catalog.Catalog { return n.exchange.Catalog() },
		Store:   n.database, Batches: n.database, Keeper: keeper, Log: n.journal, Subjects: n.people(),
		Words: n.keyring.Lookup().Words, Keys: n.keyring, Verify: seals, Now: time.Now,
	}), nil
}

// sealVerifier judges the seals of files that desks are given: the district's own root
// vouches for its departments, and those that the operator named for others.
func (n *node) sealVerifier() (*verify.Verifier, error) {
	var trust verify.Trust
	named, err := n.config.sealRoots()
	if err != nil {
		return nil, err
	}
	for _, der := range append([][]byte{n.keyring.Root()}, named...) {
		root, err := pki.Parse(der)
		if err != nil {
			return nil, fmt.Errorf("a root of seals: %w", err)
		}
		trust.Roots = append(trust.Roots, root)
	}
	return verify.NewVerifier(n.verifier, trust, ofd.Limits{}), nil
}

// newCases joins what keeps the materials of cases.
func (n *node) newCases() *cases.Service {
	return cases.New(cases.Config{
		Catalog: func() *catalog.Catalog { return n.exchange.Catalog() }, Store: n.database, Log: n.journal, Now: time.Now,
	})
}

// newSafe joins what people do about their data.
func (n *node) newSafe() *safe.Service {
	return safe.New(safe.Config{
		Catalog: func() *catalog.Catalog { return n.exchange.Catalog() },
		Bases:   n.database, History: n.database, Requests: n.database, Erasures: n.database, Deadlines: n.database, Issued: n.database, Log: n.journal, Signing: n.operational.Current, Now: time.Now,
		Presentations: n.database, Journal: n.journal, Verifier: n.verifier,
	})
}

// scans lets the path use what people show.
type scans struct{ safe *safe.Service }

// Scanned gives the bases of a scan.
func (s scans) Scanned(ctx context.Context, scan exchange.Scan) (string, []basis.Basis, error) {
	shown, bases, err := s.safe.Scan(ctx, safe.Scan{
		Code: scan.Code, Department: scan.Department, System: scan.System, ServiceItem: scan.ServiceItem,
		CaseNo: scan.CaseNo, Purpose: scan.Purpose, Officer: scan.OfficerRef, Operations: scan.Operations,
	})
	return shown.SubjectRef, bases, err
}

// batchesEvery is how often a node looks for licences to be issued in bulk.
const batchesEvery = time.Second

// issueBatches issues what is kept to be issued in bulk, until ctx ends; the channel is
// closed then. Any number of nodes may do it at once, and go on where one was killed.
func (n *node) issueBatches(ctx context.Context) <-chan struct{} {
	return every(ctx, batchesEvery, nil, func() {
		if err := n.licences.RunOpenBatches(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("licences could not be issued in bulk; tried again in a second", "error", err)
		}
	})
}
