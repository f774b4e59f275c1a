package files

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"kapok/connectors"
	"kapok/crypto/sm"
)

// version is a file as it stood when it was found.
type version struct {
	name     string
	size     int64
	modified time.Time
}

func versionOf(info fs.FileInfo) version {
	return version{info.Name(), info.Size(), info.ModTime()}
}

// same reports whether an open file is still the version.
func (v version) same(opened file) error {
	info, err := opened.Stat()
	if err != nil {
		return storeFault(err)
	}
	if info.Size() != v.size || !info.ModTime().Equal(v.modified) {
		return fmt.Errorf("%w: the file changed while it was read", connectors.ErrUnavailable)
	}
	return nil
}

// lookup is a keyed digest of a number; whoever sees it learns nothing of the number.
type lookup [16]byte

// index knows where the rows of one version stand.
type index struct {
	version version
	rows    reader
	first   map[lookup]span
	more    map[lookup][]span // of the few with several rows
}

// maxRows is how many rows about one subject are read.
const maxRows = 16

func (c *Connector) lookup(number string) lookup {
	digest := sm.Sum(c.key[:], []byte(strings.ToUpper(number)))
	return lookup(digest[:16])
}

// build reads a file once, from its beginning to its end.
func (c *Connector) build(ctx context.Context, v version, digest string) (*index, error) {
	opened, err := c.store.open(ctx, v.name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }() // it was only read
	if err := v.same(opened); err != nil {
		return nil, err
	}
	found := &index{version: v, rows: formats[c.declared.format](decoders[c.declared.encoding], c.declared.subject), first: map[lookup]span{}, more: map[lookup][]span{}}
	hash := sm.NewHash()
	if err := whole(opened, v.size); err != nil {
		return nil, err
	}
	all := io.TeeReader(untilDone{ctx, bufio.NewReaderSize(io.NewSectionReader(opened, 0, v.size), readAhead)}, hash)
	if err := found.rows.walk(all, func(at span, record connectors.Record) error { return c.enter(found, at, record) }); err != nil {
		return nil, changedOr(v, opened, err)
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return nil, storeFault(err)
	}
	if err := v.same(opened); err != nil {
		return nil, err
	}
	if digest != "" && digest != hex.EncodeToString(hash.Sum(nil)) {
		return nil, fmt.Errorf("%w: the file is not the one of its digest", connectors.ErrGarbage)
	}
	return found, nil
}

// readAhead is how much of a file is asked for at once, in bytes.
const readAhead = 256 << 10

// whole takes a file only where its last line has an end: one that is half written is
// cut anywhere.
func whole(opened file, size int64) error {
	var last [1]byte
	if _, err := opened.ReadAt(last[:], size-1); size == 0 || err != nil && !errors.Is(err, io.EOF) || last[0] != '\n' {
		return fmt.Errorf("%w: the file is half written: its last line has no end", connectors.ErrUnavailable)
	}
	return nil
}

// changedOr prefers the change of a file as the reason why it could not be read.
func changedOr(v version, opened file, err error) error {
	if changed := v.same(opened); changed != nil {
		return changed
	}
	return err
}

func (c *Connector) enter(into *index, at span, record connectors.Record) error {
	number, stands := record[c.declared.subject]
	if !stands {
		return broken(int(at.line), "the subject's column is missing")
	}
	key := c.lookup(strings.TrimSpace(number))
	if _, taken := into.first[key]; !taken {
		into.first[key] = at
		return nil
	}
	if into.more[key] = append(into.more[key], at); len(into.more[key]) >= maxRows {
		return broken(int(at.line), "too many rows about one subject")
	}
	return nil
}

func (i *index) find(key lookup) []span {
	first, known := i.first[key]
	if !known {
		return nil
	}
	return append([]span{first}, i.more[key]...)
}

// untilDone stops reading when its context ends.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (u untilDone) Read(into []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, storeFault(err)
	}
	return u.Reader.Read(into)
}
