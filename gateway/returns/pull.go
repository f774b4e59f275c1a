package returns

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// The settings of a dataset that is pulled from the provider's database.
const (
	settingPull      = "pull"           // the catalogue's source, of the protocol sql
	settingView      = "pull_view"      // of the source's views
	settingKeep      = "pull_keep"      // how long what is pulled may be kept, in hours: 8760h
	settingWatermark = "pull_watermark" // the column that says when a row last changed
	settingMark      = "pull_mark"      // the column with D for rows that are deleted
	settingEvery     = "pull_every"     // how often a node pulls by itself; absent: an operator does
)

var pullSettings = []string{settingPull, settingView, settingKeep, settingWatermark, settingMark, settingEvery}

// Pull is how a dataset is pulled. Where it names no watermark, all of it is each time.
type Pull struct {
	Source    string
	View      string
	Watermark string
	Mark      string
	Keep      time.Duration
	Every     time.Duration // 0: only when somebody says so
}

// Pulled says in a manifest that Kapok made it itself, of a view that it read: there is no
// provider's signature, and none is claimed.
type Pulled struct {
	Source   string    `json:"source"`   // in the catalogue
	View     string    `json:"view"`     // there
	Snapshot time.Time `json:"snapshot"` // when it was read, by the database's clock
}

// pullLag is how long before the snapshot a stretch of changes ends: a row whose
// transaction took longer than that to commit, after it wrote the watermark, is lost until
// it changes again or the whole is pulled.
const pullLag = 10 * time.Minute

// Table is a provider's view. Read opens one snapshot: what it is asked twice, it tells twice
// the same. Of changes, rows hands over the mark behind the columns.
type Table interface {
	Read(ctx context.Context, read func(now time.Time, rows func(since, until time.Time, each func([]string) error) error) error) error
	Close() error
}

func newPull(settings map[string]string) (*Pull, error) {
	p := &Pull{Source: settings[settingPull], View: settings[settingView], Watermark: settings[settingWatermark], Mark: settings[settingMark]}
	if p.Source == "" {
		for _, name := range pullSettings[1:] {
			if settings[name] != "" {
				return nil, fmt.Errorf("setting %s needs %s, the source that is pulled from", name, settingPull)
			}
		}
		return nil, nil
	}
	var err error
	if p.Keep, err = time.ParseDuration(settings[settingKeep]); err != nil || p.Keep <= pullLag {
		return nil, fmt.Errorf("setting %s says how long what is pulled may be kept, in hours: 8760h", settingKeep)
	}
	if every := settings[settingEvery]; every != "" {
		if p.Every, err = time.ParseDuration(every); err != nil || p.Every < time.Minute {
			return nil, fmt.Errorf("setting %s is a duration of a minute or more", settingEvery)
		}
	}
	switch {
	case p.View == "":
		return nil, fmt.Errorf("setting %s names the view", settingView)
	case p.Mark != "" && p.Watermark == "":
		return nil, fmt.Errorf("setting %s needs %s", settingMark, settingWatermark)
	}
	return p, nil
}

// Pull reads a dataset's view in the provider's database and takes it in as a delivery
// whose manifest Kapok makes; it is landed, checked and compared like any other, and two
// people publish it. The view is read twice in one snapshot, first for the manifest, then
// for the rows, so that nothing lies in clear on a disk. whole pulls all of it also where
// changes would do.
//
// A pull that was cut off while its rows were kept is refused and made anew; one that was
// cut off before left nothing. Where an earlier pull waits to be landed or decided, a
// Conflict, return-waiting.
func (i *Importer) Pull(ctx context.Context, code string, whole bool, actor string) (Delivery, error) {
	d, err := i.Dataset(code)
	if err != nil {
		return Delivery{}, err
	}
	if d.Pull == nil || i.Tables == nil {
		return Delivery{}, gateway.Fail(gateway.Conflict, "return-not-pulled", "The catalogue names no view that this dataset is pulled from.")
	}
	var made Delivery
	err = i.Store.Alone(ctx, d.Code, func(ctx context.Context) error {
		before, err := i.before(ctx, d, actor)
		if err != nil {
			return err
		}
		table, err := i.Tables(d)
		if err != nil {
			return err
		}
		defer func() { _ = table.Close() }() // it was only read
		made, err = i.pull(ctx, pulling{dataset: d, table: table, before: before, whole: whole, actor: actor})
		return err
	})
	return made, err
}

// precedence is what a pull follows.
type precedence struct {
	version int       // the highest that was not refused
	inForce *Delivery // nil: nothing is
}

// before finds it, and ends an earlier pull whose rows did not all arrive.
func (i *Importer) before(ctx context.Context, d *Dataset, actor string) (p precedence, err error) {
	known, err := i.Store.Deliveries(ctx, d.Code, recentDeliveries)
	if err != nil {
		return p, err
	}
	for at, one := range known {
		switch one.State {
		case Received:
			if err := i.endBroken(ctx, one, actor); err != nil {
				return p, err
			}
			continue
		case Reconciled:
			return p, waiting()
		case Published:
			p.inForce = &known[at]
		}
		if one.State != Refused {
			p.version = max(p.version, one.Manifest.Version)
		}
	}
	return p, nil
}

// recentDeliveries is how many are looked at; what is in force is among the latest, since
// nothing is pulled while another waits.
const recentDeliveries = 50

func (i *Importer) endBroken(ctx context.Context, d Delivery, actor string) error {
	uploads, err := i.Uploads(ctx, d)
	if err != nil {
		return err
	}
	if d.Manifest.Pulled == nil || !slices.ContainsFunc(uploads, func(u Upload) bool { return !u.Whole() }) {
		return waiting()
	}
	var found Findings
	found.add(Finding{File: d.Manifest.Files[0].Name, Rule: RuleMissing})
	_, err = i.Store.Refuse(ctx, d.ID, found, actor, i.Now())
	return err
}

func waiting() error {
	return gateway.Fail(gateway.Conflict, "return-waiting", "A delivery of this dataset waits to be landed or decided; it comes first.")
}

// pulling is one pull.
type pulling struct {
	dataset *Dataset
	table   Table
	before  precedence
	whole   bool
	actor   string
}

func (i *Importer) pull(ctx context.Context, p pulling) (made Delivery, err error) {
	err = p.table.Read(ctx, func(now time.Time, rows func(since, until time.Time, each func([]string) error) error) error {
		m, err := p.manifest(now, i.Now())
		if err != nil {
			return err
		}
		var since, until time.Time
		if m.Watermark != nil {
			since, until = m.Watermark.From, m.Watermark.To
		}
		counted := &counting{numeric: p.dataset.numeric(), digest: sm.NewHash()}
		read := func(to io.Writer, note func([]string)) error {
			return writeRows(to, m, func(each func([]string) error) error { return rows(since, until, each) }, note)
		}
		if err := read(counted, counted.row); err != nil {
			return err
		}
		m.Files = []File{counted.file(pulledName(m))}
		if made, err = i.announcePulled(ctx, p, m); err != nil {
			return err
		}
		return i.keepPulled(ctx, made, func(to io.Writer) error { return read(to, func([]string) {}) })
	})
	return made, err
}

// manifest says what is about to be read.
func (p pulling) manifest(snapshot, now time.Time) (Manifest, error) {
	d := p.dataset
	m := Manifest{
		Format: Format, Dataset: d.Code, ItemVersion: d.Item.Version, Version: p.before.version + 1, Kind: Full,
		Created: now.UTC().Truncate(time.Microsecond), AsOf: snapshot.Add(-pullLag).UTC(), KeepUntil: now.Add(d.Pull.Keep).UTC().Truncate(time.Second),
		Encoding: "UTF-8", Columns: d.Sources(), Keys: d.Keys, Pulled: &Pulled{d.Pull.Source, d.Pull.View, snapshot.UTC()},
	}
	if m.AsOf.After(m.Created) {
		return m, gateway.Fail(gateway.SourceFailed, "return-clock", "The database's clock runs more than ten minutes ahead of this server's.")
	}
	if d.Pull.Watermark == "" || p.whole || p.before.inForce == nil {
		return m, nil
	}
	m.Kind, m.Base, m.Mark = Incremental, p.before.inForce.Manifest.Version, d.Pull.markName()
	m.Watermark = &Watermark{From: p.before.inForce.Manifest.End(), To: m.AsOf}
	m.Columns = append(m.Columns, m.Mark)
	if !m.Watermark.From.Before(m.Watermark.To) {
		return m, gateway.Fail(gateway.Conflict, "return-watermark", "The database's clock stands before the end of what is in force: it was set back.")
	}
	return m, nil
}

// markName is the column of marks in the file; where the view has none, every change is one
// to put.
func (p *Pull) markName() string {
	if p.Mark == "" {
		return "_mark"
	}
	return p.Mark
}

func pulledName(m Manifest) string {
	return fmt.Sprintf("%s-%d.csv", strings.ReplaceAll(m.Dataset, "/", "-"), m.Version)
}

// PullDue pulls each dataset whose time has come. A node calls it now and then; any number
// of them may.
func (i *Importer) PullDue(ctx context.Context) error {
	var failed error
	for item := range i.Catalog().Items() {
		d, err := i.Dataset(item.Code)
		if err != nil || d.Pull == nil || d.Pull.Every == 0 {
			continue
		}
		last, err := i.Store.Deliveries(ctx, d.Code, 1)
		if err == nil && (len(last) == 0 || i.Now().Sub(last[0].Received) >= d.Pull.Every) {
			_, err = i.Pull(ctx, d.Code, false, Clock)
		}
		if err != nil && gateway.AsError(err).Kind != gateway.Conflict {
			failed = errors.Join(failed, fmt.Errorf("pull of dataset %s: %w", d.Code, err))
		}
	}
	return failed
}

func (i *Importer) announcePulled(ctx context.Context, p pulling, m Manifest) (Delivery, error) {
	document, err := json.Marshal(m)
	if err != nil {
		return Delivery{}, err
	}
	if m, err = ParseManifest(document); err != nil {
		return Delivery{}, err
	}
	if err := p.dataset.Fits(m); err != nil {
		return Delivery{}, err
	}
	announced := Delivery{ID: ID(document), Document: document, Manifest: m, Received: i.Now(), Actor: p.actor, State: Received}
	announced.Generation = announced.ID
	offered, err := i.offer(announced)
	if err != nil {
		return Delivery{}, err
	}
	made, _, err := i.Store.Announce(ctx, announced, offered)
	return made, err
}

// keepPulled keeps the rows sealed, piece by piece, as an upload is.
func (i *Importer) keepPulled(ctx context.Context, d Delivery, write func(io.Writer) error) error {
	piped, into := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(into)
		_ = into.CloseWithError(err) // nil ends the file
		written <- err
	}()
	_, err := i.Append(ctx, d.ID, d.Manifest.Files[0].Name, 0, piped)
	_ = piped.CloseWithError(err)
	if failed := <-written; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return failed
	}
	return err
}

// writeRows writes a file of the layout csv; note hears of each row. A view marks what is
// deleted; every other row of changes is one to put.
func writeRows(to io.Writer, m Manifest, rows func(func([]string) error) error, note func([]string)) error {
	out := csv.NewWriter(to)
	if err := out.Write(m.Columns); err != nil {
		return err
	}
	written := make([]string, len(m.Columns))
	err := rows(func(fields []string) error {
		copy(written, fields)
		if last := len(written) - 1; m.Kind == Incremental && (len(fields) == last || fields[last] != MarkDelete) {
			written[last] = MarkUpsert
		}
		note(written)
		return out.Write(written)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// counting is a file's digest, size, rows and sums while it is written.
type counting struct {
	numeric map[int]string // columns that are summed, by their place
	digest  hash.Hash
	size    int64
	rows    int64
	sums    map[string]*sum
}

// Write counts bytes.
func (c *counting) Write(p []byte) (int, error) {
	c.size += int64(len(p))
	return c.digest.Write(p)
}

func (c *counting) row(fields []string) {
	c.rows++
	for at, name := range c.numeric {
		if c.sums == nil {
			c.sums = map[string]*sum{}
		}
		if c.sums[name] == nil {
			c.sums[name] = &sum{}
		}
		c.sums[name].add(fields[at]) // what is no number is found when the row is checked
	}
}

func (c *counting) file(name string) File {
	f := File{Name: name, Layout: "table", Size: c.size, SM3: hex.EncodeToString(c.digest.Sum(nil)), Rows: c.rows, Sums: map[string]string{}}
	for _, column := range c.numeric {
		f.Sums[column] = "0"
		if added := c.sums[column]; added != nil {
			f.Sums[column] = added.String()
		}
	}
	return f
}

// numeric are the places and names of the columns that are summed.
func (d *Dataset) numeric() map[int]string {
	found := map[int]string{}
	for at, column := range d.Columns {
		if column.Numeric {
			found[at] = column.Source
		}
	}
	return found
}
