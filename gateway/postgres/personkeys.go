package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
)

// personKeyID names a wrapped key: whose, and which of theirs.
type personKeyID struct {
	owner string
	use   keys.Use
}

// PersonKey returns the wrapped key of owner for use; nil when there is none. Those
// who ask at the same time share one round trip.
func (db *DB) PersonKey(ctx context.Context, owner string, use keys.Use) (keys.WrappedKey, error) {
	return db.personKeys.get(ctx, personKeyID{owner, use})
}

// KeepPersonKey stores a new key unless one stands already, and returns the one that
// does: of two nodes that make one at the same time, both use the first.
func (db *DB) KeepPersonKey(ctx context.Context, owner string, use keys.Use, wrapped keys.WrappedKey) (keys.WrappedKey, error) {
	_, err := db.pool.Exec(ctx, `
		insert into person_keys (owner, use, wrapped) values ($1, $2, $3) on conflict do nothing`, owner, string(use), []byte(wrapped))
	if err != nil {
		return nil, explain(err)
	}
	return db.PersonKey(ctx, owner, use)
}

func (db *DB) readPersonKeys(ctx context.Context, asked []personKeyID) ([]keys.WrappedKey, error) {
	owners, uses := make([]string, len(asked)), make([]string, len(asked))
	for i, one := range asked {
		owners[i], uses[i] = one.owner, string(one.use)
	}
	rows, err := db.pool.Query(ctx, `
		select key.owner, key.use, key.wrapped
		from unnest($1::text[], $2::text[]) as asked (owner, use)
		join person_keys key on key.owner = asked.owner and key.use = asked.use`, owners, uses)
	if err != nil {
		return nil, err
	}
	found := map[personKeyID]keys.WrappedKey{}
	var owner, use string
	var wrapped []byte
	_, err = pgx.ForEachRow(rows, []any{&owner, &use, &wrapped}, func() error {
		found[personKeyID{owner, keys.Use(use)}] = wrapped
		wrapped = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	answers := make([]keys.WrappedKey, len(asked))
	for i, one := range asked {
		answers[i] = found[one]
	}
	return answers, nil
}

// newcomers are the questions about identities that stand under no version.
func newcomers(questions []question, known map[token]string) []question {
	var fresh []question
	for _, q := range questions {
		if q.persons != nil && refOf(q.tokens, known) == "" {
			fresh = append(fresh, q)
		}
	}
	return fresh
}

// makeRecordKeys gives a record key to those who were new. Of two nodes that saw a
// person first at the same time, both find the key of one.
func (db *DB) makeRecordKeys(ctx context.Context, fresh []question, known map[token]string) error {
	if len(fresh) == 0 {
		return nil
	}
	owners, wrapped := make([]string, len(fresh)), make([][]byte, len(fresh))
	for i, q := range fresh {
		owners[i] = refOf(q.tokens, known)
		made, key, err := q.persons.Create(keys.RecordKey, owners[i])
		if err != nil {
			return err
		}
		key.Forget()
		wrapped[i] = made
	}
	_, err := db.pool.Exec(ctx, `
		insert into person_keys (owner, use, wrapped)
		select owner, $1, wrapped from unnest($2::text[], $3::bytea[]) as made (owner, wrapped) order by owner
		on conflict do nothing`, string(keys.RecordKey), owners, wrapped)
	return err
}
