package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// handOutResealing is `kapok ledger resealed`: files which show that the checkpoint of a
// receipt was sealed again, for `kapok-verify receipt --resealed`. --size is what the
// receipt's checkpoint has.
func handOutResealing(ctx context.Context, from *postgres.Ledger, asked logRequest, out io.Writer) error {
	_, head, err := checkpointOf(ctx, from, asked)
	if err != nil {
		return err
	}
	again, size, found, err := from.Resealed(ctx, asked.origin, head.Size)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("no checkpoint of %s with %d entries or more was sealed again; kapok ledger reseal does it", asked.origin, head.Size)
	}
	files, err := resealing(ctx, from, asked.origin, head.Size, size, again)
	if err != nil {
		return err
	}
	folder := asked.rest[0]
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	flags := ""
	for _, file := range files {
		path := filepath.Join(folder, file.flag+".json")
		if err := os.WriteFile(path, append(file.content, '\n'), 0o600); err != nil {
			return err
		}
		flags += " --" + file.flag + " " + path
	}
	_, err = fmt.Fprintf(out, "%s: the checkpoint of %d entries was sealed again; check it with kapok-verify receipt%s RECEIPT\n", asked.origin, size, flags)
	return err
}

// shownFile is one that kapok-verify reads by a flag.
type shownFile struct {
	flag    string
	content []byte
}

// resealing is the receipt of the entry and, where another checkpoint was sealed again
// than the receipt's, the proof that it continues that one.
func resealing(ctx context.Context, from *postgres.Ledger, origin string, size, resealed uint64, again postgres.LedgerEntry) ([]shownFile, error) {
	receipt, err := ledger.ReceiptAt(ctx, from, again.Origin, again.Index, nil)
	if err != nil {
		return nil, err
	}
	files := []shownFile{{"resealed", receipt}}
	if size == resealed {
		return files, nil
	}
	proof, err := ledger.ProveConsistency(ctx, from, origin, size, resealed)
	if err != nil {
		return nil, err
	}
	return append(files, shownFile{"continues", proof.Encode()}), nil
}
