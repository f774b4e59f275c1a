package files

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/crypto/sm"
)

// buildTime bounds the indexing of one file; it goes on when the caller has gone.
const buildTime = 10 * time.Minute

// Connector looks people up in the newest file. Safe for concurrent use.
type Connector struct {
	declared declared
	settle   time.Duration
	store    store
	key      [32]byte // of lookups; lives and ends with the connector
	current  atomic.Pointer[index]
	spoilt   sync.Map // version → why it is garbage; grows by the files that are
	building singleflight.Group
	now      func() time.Time
}

// New makes a connector from the catalogue's settings; the package says which.
func New(given map[string]string, secrets func(name string) (string, error)) (*Connector, error) {
	d, more, err := declare(given)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	c := &Connector{declared: d, settle: more.settle, store: folder(d.folder), now: time.Now}
	_, _ = rand.Read(c.key[:]) // never fails
	if d.host != "" {
		if c.store, err = newServer(d, more.port, secrets); err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
	}
	return c, nil
}

// Fetch reads the rows about the subject.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.Subject.IsZero() {
		return connectors.Answer{}, connectors.ErrNobody
	}
	if ctx.Err() != nil {
		return connectors.Answer{}, connectors.Lost(ctx, ctx.Err())
	}
	index, err := c.newest(ctx)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer, err := c.read(ctx, index, c.lookup(q.Subject.Number()))
	if err != nil {
		return connectors.Answer{}, err
	}
	if err := jsonrecords.About(answer.Records, c.declared.subject, q.Subject); err != nil {
		return connectors.Answer{}, err
	}
	return answer, nil
}

// read reads rows again where the index says that they stand.
func (c *Connector) read(ctx context.Context, from *index, key lookup) (connectors.Answer, error) {
	answer := connectors.Answer{AsOf: from.version.modified.UTC()}
	spans := from.find(key)
	if len(spans) == 0 {
		answer.BodyDigest = sm.Sum(nil)
		return answer, nil
	}
	opened, err := c.store.open(ctx, from.version.name)
	if err != nil {
		return connectors.Answer{}, err
	}
	defer func() { _ = opened.Close() }() // it was only read
	var body []byte
	for _, at := range spans {
		raw := make([]byte, at.size)
		if _, err := opened.ReadAt(raw, at.from); err != nil && !errors.Is(err, io.EOF) {
			return connectors.Answer{}, storeFault(err)
		}
		record, err := from.rows.row(raw)
		if err != nil {
			return connectors.Answer{}, changedOr(from.version, opened, err)
		}
		answer.Records, body = append(answer.Records, record), append(body, raw...)
	}
	answer.BodyDigest, answer.Origin = sm.Sum(body), fmt.Sprintf("%s:%d", from.version.name, spans[0].line)
	return answer, from.version.same(opened)
}

// newest returns the index of the newest file that is whole.
func (c *Connector) newest(ctx context.Context) (*index, error) {
	found, err := c.store.list(ctx)
	if err != nil {
		return nil, err
	}
	current := c.current.Load()
	var reason error
	for _, v := range c.candidates(found) {
		if current != nil && v == current.version {
			return current, nil
		}
		made, err := c.indexed(ctx, v)
		if err == nil {
			return made, nil
		}
		if errors.Is(err, connectors.ErrGarbage) || ctx.Err() != nil {
			return nil, err // older data does not stand in for what the source spoilt
		}
		if reason == nil {
			reason = err
		}
	}
	if reason == nil {
		reason = fmt.Errorf("%w: no whole file of the declared name is there", connectors.ErrUnavailable)
	}
	return nil, reason
}

// candidates are the files of the declared name that are not being written, the newest
// first. An older one counts only where it was indexed before, or all newer are unfit.
func (c *Connector) candidates(found []fs.FileInfo) []version {
	beside := map[string]bool{}
	for _, info := range found {
		beside[info.Name()] = true
	}
	var fit []version
	for _, info := range found {
		if named, _ := path.Match(c.declared.name, info.Name()); !named || !info.Mode().IsRegular() {
			continue
		}
		if c.declared.digest != "" && !beside[info.Name()+c.declared.digest] {
			continue
		}
		if c.declared.digest == "" && c.now().Sub(info.ModTime()) < c.settle {
			continue
		}
		fit = append(fit, versionOf(info))
	}
	slices.SortFunc(fit, func(a, b version) int {
		if order := b.modified.Compare(a.modified); order != 0 {
			return order
		}
		return strings.Compare(b.name, a.name)
	})
	return fit
}

// indexed waits for a file's index as long as the caller may wait; one caller's build
// serves all, and the next.
func (c *Connector) indexed(ctx context.Context, v version) (*index, error) {
	if reason, known := c.spoilt.Load(v); known {
		return nil, reason.(error)
	}
	key := fmt.Sprintf("%s\x00%d\x00%d", v.name, v.size, v.modified.UnixNano())
	done := c.building.DoChan(key, func() (any, error) {
		working, cancel := context.WithTimeout(context.WithoutCancel(ctx), buildTime)
		defer cancel()
		digest, err := c.digestOf(working, v.name)
		if err != nil {
			return nil, err
		}
		made, err := c.build(working, v, digest)
		if errors.Is(err, connectors.ErrGarbage) {
			c.spoilt.Store(v, err)
		}
		if err != nil {
			return nil, err
		}
		c.current.Store(made)
		return made, nil
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*index), nil
	case <-ctx.Done():
		return nil, connectors.Lost(ctx, ctx.Err())
	}
}

// digestOf reads the digest beside a file: 64 hex digits, perhaps followed by its name.
func (c *Connector) digestOf(ctx context.Context, name string) (string, error) {
	if c.declared.digest == "" {
		return "", nil
	}
	opened, err := c.store.open(ctx, name+c.declared.digest)
	if err != nil {
		return "", err
	}
	defer func() { _ = opened.Close() }() // it was only read
	said, err := io.ReadAll(io.NewSectionReader(opened, 0, 1024))
	if err != nil {
		return "", storeFault(err)
	}
	words := strings.Fields(strings.ToLower(string(said)))
	if len(words) == 0 || len(words[0]) != 2*sm.Size {
		return "", fmt.Errorf("%w: the digest beside the file is not one", connectors.ErrGarbage)
	}
	if _, err := hex.DecodeString(words[0]); err != nil {
		return "", fmt.Errorf("%w: the digest beside the file is not one", connectors.ErrGarbage)
	}
	return words[0], nil
}
