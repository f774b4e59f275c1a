package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"kapok/connectors"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

const (
	listsEvery = time.Hour
	listWait   = 30 * time.Second
	maxList    = 16 << 20 // bytes
)

// publisher is a keyring that publishes what its root has revoked.
type publisher interface {
	RevocationList(ctx context.Context) ([]byte, error)
}

// keepRevocations takes the issuers' revocation lists at once and every hour, until ctx
// ends; the channel is closed then.
func (n *node) keepRevocations(ctx context.Context) <-chan struct{} {
	return every(ctx, listsEvery, atOnce(), func() { n.takeRevocations(ctx) })
}

// takeRevocations keeps the lists of the day; an issuer that does not answer is asked
// again in an hour.
func (n *node) takeRevocations(ctx context.Context) {
	if own, publishes := n.keyring.(publisher); publishes {
		n.takeList(ctx, "the own root", own.RevocationList)
	}
	for _, address := range n.config.Ledger.RevocationLists {
		n.takeList(ctx, address, func(ctx context.Context) ([]byte, error) { return fetchList(ctx, address) })
	}
}

func (n *node) takeList(ctx context.Context, from string, take func(context.Context) ([]byte, error)) {
	der, err := take(ctx)
	if err == nil {
		var list *pki.CRL
		if list, err = pki.ParseCRL(der); err == nil {
			err = n.database.KeepRevocations(ctx, list)
		}
	}
	if err != nil && ctx.Err() == nil {
		n.log.WarnContext(ctx, "a revocation list could not be taken; tried again in an hour", "from", from, "error", err)
	}
}

// fetchList gets a list, DER or PEM.
func fetchList(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := connectors.HTTPClient().Do(request)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %d", res.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxList+1))
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(raw); block != nil {
		return block.Bytes, nil
	}
	return raw, nil
}

// revocations adds what the issuers' lists said when each entry was sealed, and what
// they say now. Where a certificate is spoken of by none of them, they are left out
// together, and the bundle says that it holds none: half of them would clear nothing.
func (r *recordReader) revocations(ctx context.Context, b *evidence.Bundle, _ []postgres.LedgerEntry) error {
	var lists [][]byte
	for _, entry := range b.Entries {
		kept, spoken, err := r.revocationsOf(ctx, entry.Receipt)
		if err != nil || !spoken {
			return err
		}
		lists = append(lists, kept...)
	}
	slices.SortFunc(lists, bytes.Compare)
	b.Lists = append(b.Lists, slices.CompactFunc(lists, bytes.Equal)...)
	return nil
}

// revocationsOf are the lists kept for one receipt; spoken: they say of each of its
// certificates whether it was revoked.
func (r *recordReader) revocationsOf(ctx context.Context, receipt []byte) (kept [][]byte, spoken bool, err error) {
	var read struct {
		Chain      [][]byte `json:"chain"`
		Checkpoint string   `json:"checkpoint"`
	}
	if err := json.Unmarshal(receipt, &read); err != nil {
		return nil, false, err
	}
	head, err := ledger.ParseCheckpoint(read.Checkpoint)
	if err != nil {
		return nil, false, err
	}
	if kept, err = r.database.Revocations(ctx, head.Sealed); err != nil || len(kept) == 0 {
		return nil, false, err
	}
	root, err := pki.Parse(r.root)
	if err != nil {
		return nil, false, err
	}
	lists := make([]*pki.CRL, len(kept))
	for i, der := range kept {
		if lists[i], err = pki.ParseCRL(der); err != nil {
			return nil, false, err
		}
	}
	_, err = pki.VerifyOperational(sm.NewVerifier(sm.VerifierOptions{Both: true}), "evidence", read.Chain, []*pki.Certificate{root}, head.Sealed, lists...)
	return kept, err == nil || errors.Is(err, pki.ErrRevoked), nil
}
