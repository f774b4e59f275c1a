package witness

import (
	"context"
	"errors"
	"io/fs"

	"kapok/gateway/ledger"
)

// Exported shows one log from a folder of exported files, which may be replaced by
// a later export between two looks.
type Exported struct{ Files fs.FS }

// Origins names the folder's log.
func (e Exported) Origins(context.Context) ([]string, error) {
	log, err := ledger.OpenExport(e.Files)
	if err != nil {
		return nil, err
	}
	return []string{log.Origin}, nil
}

// Since is as [Source] has it.
func (e Exported) Since(_ context.Context, origin string, size uint64) (ledger.Consistency, error) {
	log, err := ledger.OpenExport(e.Files)
	if err != nil {
		return ledger.Consistency{}, err
	}
	if log.Origin != origin {
		return ledger.Consistency{}, errors.New("the folder holds another log")
	}
	return log.Since(size)
}
