package ledger

import (
	"context"
	"strconv"
	"strings"
)

// AuditStop is a marker of one log: of an odd number one that stopped, of an even
// number one that lifted.
type AuditStop struct {
	Stop   Stop
	Number int64
	Size   uint64 // of the log when it was made
}

// AuditEdition is an edition as one log has it.
type AuditEdition struct {
	Edition Edition
	Size    uint64 // of the log when it was published
}

// restsOnPrefix begins the name of a field that says under which edition something
// was decided (FORMAT.md §17).
const restsOnPrefix = "edition-"

// rests finds entries that rest on what was stopped, or on an edition that was not in
// force.
type rests struct {
	log      *logAudit
	stops    map[Stop][]uint64 // sizes of its markers, in their order
	editions map[string][]AuditEdition
}

func (l *logAudit) readRests(ctx context.Context) error {
	l.rests = rests{l, map[Stop][]uint64{}, map[string][]AuditEdition{}}
	stops, err := l.source.Stops(ctx, l.origin.Origin)
	if err != nil {
		return err
	}
	for _, one := range stops {
		l.rests.marker(one)
	}
	editions, err := l.source.Editions(ctx, l.origin.Origin)
	if err != nil {
		return err
	}
	for _, one := range editions {
		l.rests.published(one)
	}
	return nil
}

func (r rests) marker(one AuditStop) {
	sizes := r.stops[one.Stop]
	if one.Number != int64(len(sizes))+1 || len(sizes) > 0 && sizes[len(sizes)-1] > one.Size || one.Size > r.log.origin.Size {
		r.log.alter("stop of a "+one.Stop.Kind, "its marker %d does not follow the one before, or is beyond the log", one.Number)
	}
	r.stops[one.Stop] = append(sizes, one.Size)
}

func (r rests) published(one AuditEdition) {
	earlier := r.editions[one.Edition.Kind]
	if len(earlier) > 0 && earlier[len(earlier)-1].Size > one.Size || one.Size > r.log.origin.Size {
		r.log.alter("edition of the "+one.Edition.Kind, "edition %d was not published after the one before, or is beyond the log", one.Edition.Number)
	}
	r.editions[one.Edition.Kind] = append(earlier, one)
}

// check looks at an entry's openings, each of which is what the entry commits to.
func (r rests) check(index uint64, kind Kind, openings []Opening) {
	if !released(kind, openings) {
		return
	}
	for _, o := range openings {
		of, named := strings.CutPrefix(o.Name, restsOnPrefix)
		switch {
		case named && strconv.FormatInt(r.inForce(of, index), 10) != o.Value:
			r.log.alter(entryAt(index), "it was decided under an edition of the %s that was not in force", of)
		case !named && r.stopped(restedOn(o), index):
			r.log.alter(entryAt(index), "it rests on a %s that was stopped", o.Name)
		}
	}
}

// released: an intent, or an outcome that says so; nothing else gives anything out.
func released(kind Kind, openings []Opening) bool {
	if kind != OutcomeKind {
		return kind == IntentKind
	}
	for _, o := range openings {
		if o.Name == "result" {
			return o.Value == "released"
		}
	}
	return false
}

// restedOn: an item is stopped by its code, whatever its version.
func restedOn(o Opening) Stop {
	if o.Name == "item" {
		code, _, _ := strings.Cut(o.Value, "@")
		return Stop{o.Name, code}
	}
	return Stop{o.Name, o.Value}
}

func (r rests) stopped(what Stop, index uint64) bool {
	markers := 0
	for _, size := range r.stops[what] {
		if size <= index {
			markers++
		}
	}
	return markers%2 == 1
}

func (r rests) inForce(kind string, index uint64) (number int64) {
	for _, one := range r.editions[kind] {
		if one.Size <= index {
			number = one.Edition.Number
		}
	}
	return number
}
