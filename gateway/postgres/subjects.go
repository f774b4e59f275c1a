package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// People knows persons and organisations by a random reference (subject_ref, 32 hex
// digits) that leads back to nobody; their identity numbers are not kept.
type People struct {
	db      *DB
	tokens  func(gateway.Identity) []keys.Token
	persons *keys.Persons // nil: who is new gets a record key when it is first needed
}

// People looks identities up by tokens: under every version of the look-up key that
// is held, newest first, as [keys.Lookup.All] has them.
func (db *DB) People(tokens func(gateway.Identity) []keys.Token) *People {
	return &People{db: db, tokens: tokens}
}

// WithKeys makes the record key of each person together with their reference, so that
// the first use of their data does not wait for it.
func (p *People) WithKeys(persons *keys.Persons) *People {
	return &People{db: p.db, tokens: p.tokens, persons: persons}
}

// SubjectRef returns the reference of an identity; one never seen is made. However
// many callers and nodes ask at once, all get the same.
func (p *People) SubjectRef(ctx context.Context, identity gateway.Identity) (string, error) {
	found, err := p.db.resolving.get(ctx, question{tokens: p.tokens(identity), persons: p.persons})
	if err != nil {
		return "", err
	}
	return found.subjectRef, nil
}

// token is the look-up value of an identity, as a key of maps.
type token = [sm.Size]byte

// subjectsByToken asks for what is known; it is queued, its answer read later.
func subjectsByToken(batch *pgx.Batch, questions []question, into map[token]string) {
	batch.Queue("select lookup, subject_ref from subjects where lookup = any($1)", allTokens(questions)).
		Query(func(rows pgx.Rows) error { return scanSubjects(rows, into) })
}

func scanSubjects(rows pgx.Rows, into map[token]string) error {
	var lookup []byte
	var ref string
	_, err := pgx.ForEachRow(rows, []any{&lookup, &ref}, func() error {
		into[token(lookup)] = ref
		return nil
	})
	return err
}

func allTokens(questions []question) [][]byte {
	var all [][]byte
	for _, q := range questions {
		for _, t := range q.tokens {
			all = append(all, t.MAC[:])
		}
	}
	return all
}

// makeSubjects gives a reference to every asked identity that has none under the
// newest version, and adds what it made to known.
//
// While a rotation runs, some nodes hold the old version of the key only, others
// both. The oldest version held decides who a person is: whoever is new is first
// written there, where all nodes meet, and then under the newer ones with the
// reference that stands there.
func (db *DB) makeSubjects(ctx context.Context, questions []question, known map[token]string) error {
	var wanted []subjectRow
	for _, q := range questions {
		wanted = append(wanted, newcomer(q.tokens, known)...)
	}
	if len(wanted) == 0 {
		return nil
	}
	if err := db.claimSubjects(ctx, wanted, known); err != nil {
		return err
	}
	var copies []subjectRow
	for _, q := range questions {
		copies = append(copies, missingCopies(q.tokens, known)...)
	}
	if len(copies) == 0 {
		return nil
	}
	return db.claimSubjects(ctx, copies, known)
}

// subjectRow is a row of subjects.
type subjectRow struct {
	token keys.Token
	ref   string
}

// newcomer is the first row of an identity that stands under no version, or the
// missing newer ones of an identity that does.
func newcomer(tokens []keys.Token, known map[token]string) []subjectRow {
	if refOf(tokens, known) != "" {
		return missingCopies(tokens, known)
	}
	oldest := tokens[len(tokens)-1]
	return []subjectRow{{token: oldest, ref: gateway.NewRef()}}
}

// missingCopies are the rows that an identity with a reference still lacks.
func missingCopies(tokens []keys.Token, known map[token]string) []subjectRow {
	var rows []subjectRow
	ref := refOf(tokens, known)
	for _, t := range tokens {
		if known[t.MAC] == "" {
			rows = append(rows, subjectRow{token: t, ref: ref})
		}
	}
	return rows
}

// refOf is the reference under the oldest version that has one.
func refOf(tokens []keys.Token, known map[token]string) string {
	for i := len(tokens) - 1; i >= 0; i-- {
		if ref := known[tokens[i].MAC]; ref != "" {
			return ref
		}
	}
	return ""
}

// claimSubjects writes rows unless somebody was first. What others wrote is read in a
// second statement: the first does not see what was committed after it began.
func (db *DB) claimSubjects(ctx context.Context, rows []subjectRow, known map[token]string) error {
	tokens, versions, refs := make([][]byte, len(rows)), make([]int32, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		tokens[i], versions[i], refs[i] = row.token.MAC[:], int32(row.token.Version), row.ref
	}
	written, err := db.pool.Query(ctx, `
		insert into subjects (lookup, key_version, subject_ref)
		select * from unnest($1::bytea[], $2::integer[], $3::text[]) as row (lookup, key_version, subject_ref)
		order by lookup
		on conflict do nothing returning lookup, subject_ref`, tokens, versions, refs)
	if err != nil {
		return err
	}
	if err := scanSubjects(written, known); err != nil {
		return err
	}
	return db.readClaimed(ctx, rows, known)
}

// readClaimed reads the rows that others wrote first.
func (db *DB) readClaimed(ctx context.Context, rows []subjectRow, known map[token]string) error {
	var theirs [][]byte
	for _, row := range rows {
		if known[row.token.MAC] == "" {
			theirs = append(theirs, row.token.MAC[:])
		}
	}
	if len(theirs) == 0 {
		return nil
	}
	found, err := db.pool.Query(ctx, "select lookup, subject_ref from subjects where lookup = any($1)", theirs)
	if err != nil {
		return err
	}
	if err := scanSubjects(found, known); err != nil {
		return err
	}
	for _, row := range rows {
		if known[row.token.MAC] == "" {
			return fmt.Errorf("postgres: a subject that was written is not there")
		}
	}
	return nil
}
