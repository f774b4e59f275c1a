package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/returns"
)

// DataKeys knows many persons at once, each with the wrapped key for what is returned
// about them. Those never seen are made. It needs [People.WithKeys].
func (p *People) DataKeys(ctx context.Context, identities []gateway.Identity) ([]returns.Person, error) {
	asked := newAsked(p, identities)
	if err := asked.read(ctx, p.db); err != nil {
		return nil, explain(err)
	}
	if err := p.db.makeSubjects(ctx, asked.questions, asked.refs); err != nil {
		return nil, explain(err)
	}
	if err := asked.makeKeys(ctx, p); err != nil {
		return nil, explain(err)
	}
	found := make([]returns.Person, len(identities))
	for i, place := range asked.places {
		ref := refOf(asked.questions[place].tokens, asked.refs)
		found[i] = returns.Person{Ref: ref, Key: asked.keys[ref]}
		if found[i].Key == nil {
			return nil, errors.New("postgres: a person's key that was stored is not there")
		}
	}
	return found, nil
}

// asked are the different persons among those asked for.
type asked struct {
	questions []question
	places    []int // of each identity, its question
	refs      map[token]string
	keys      map[string]keys.WrappedKey // by reference
}

func newAsked(p *People, identities []gateway.Identity) *asked {
	a := &asked{
		questions: make([]question, 0, len(identities)), places: make([]int, len(identities)),
		refs: make(map[token]string, len(identities)), keys: make(map[string]keys.WrappedKey, len(identities)),
	}
	seen := make(map[gateway.Identity]int, len(identities))
	for i, identity := range identities {
		place, before := seen[identity]
		if !before {
			place = len(a.questions)
			seen[identity] = place
			a.questions = append(a.questions, question{tokens: p.tokens(identity)})
		}
		a.places[i] = place
	}
	return a
}

func (a *asked) read(ctx context.Context, db *DB) error {
	rows, err := db.pool.Query(ctx, `
		select subjects.lookup, subjects.subject_ref, person_keys.wrapped
		from subjects left join person_keys on person_keys.owner = subjects.subject_ref and person_keys.use = $2
		where subjects.lookup = any($1)`, allTokens(a.questions), string(returns.DataKey))
	if err != nil {
		return err
	}
	var lookup, wrapped []byte
	var ref string
	_, err = pgx.ForEachRow(rows, []any{&lookup, &ref, &wrapped}, func() error {
		a.refs[token(lookup)] = ref
		if wrapped != nil {
			a.keys[ref] = wrapped
			wrapped = nil // the next one gets memory of its own
		}
		return nil
	})
	return err
}

// makeKeys gives a key to whoever has none. Where another node was first, its key is
// the one.
func (a *asked) makeKeys(ctx context.Context, p *People) error {
	var owners []string
	var wrapped [][]byte
	for _, q := range a.questions {
		ref := refOf(q.tokens, a.refs)
		if _, has := a.keys[ref]; has {
			continue
		}
		made, key, err := p.persons.Create(returns.DataKey, ref)
		if err != nil {
			return err
		}
		key.Forget()
		owners, wrapped = append(owners, ref), append(wrapped, made)
		a.keys[ref] = nil
	}
	if len(owners) == 0 {
		return nil
	}
	return a.keepKeys(ctx, p.db, owners, wrapped)
}

func (a *asked) keepKeys(ctx context.Context, db *DB, owners []string, wrapped [][]byte) error {
	rows, err := db.pool.Query(ctx, `
		insert into person_keys (owner, use, wrapped)
		select owner, $1, wrapped from unnest($2::text[], $3::bytea[]) as made (owner, wrapped) order by owner
		on conflict do nothing returning owner`, string(returns.DataKey), owners, wrapped)
	if err != nil {
		return err
	}
	mine, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	offered := make(map[string][]byte, len(owners))
	for i, owner := range owners {
		offered[owner] = wrapped[i]
	}
	for _, owner := range mine {
		a.keys[owner] = offered[owner]
		delete(offered, owner)
	}
	if len(offered) == 0 {
		return nil
	}
	return a.readKeys(ctx, db, offered)
}

// readKeys reads the keys that others stored first.
func (a *asked) readKeys(ctx context.Context, db *DB, missing map[string][]byte) error {
	ids := make([]personKeyID, 0, len(missing))
	for owner := range missing {
		ids = append(ids, personKeyID{owner, returns.DataKey})
	}
	found, err := db.readPersonKeys(ctx, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if found[i] == nil {
			return fmt.Errorf("postgres: a person's key that was stored is not there")
		}
		a.keys[id.owner] = found[i]
	}
	return nil
}

// ProviderKey finds the key by which a provider signs its manifests; one that is
// unknown, revoked or ended is an error.
func (r *Returns) ProviderKey(ctx context.Context, keyID string) (system string, public *sm.PublicKey, err error) {
	key, err := r.db.SystemKey(ctx, keyID)
	if err != nil {
		return "", nil, err
	}
	now := time.Now()
	if key.Revoked || now.Before(key.From) || !key.Until.IsZero() && !now.Before(key.Until) {
		return "", nil, exchange.ErrUnknownKey
	}
	return key.System, key.Public, nil
}
