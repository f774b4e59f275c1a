package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/facade"
)

// KeepLicenceSession keeps the digest of an access token of license-app/v1.
func (db *DB) KeepLicenceSession(ctx context.Context, digest [32]byte, system string, expires time.Time) error {
	_, err := db.pool.Exec(ctx, "insert into licence_sessions (token_sm3, system, expires_at) values ($1, $2, $3)", digest[:], system, expires)
	return explain(err)
}

// LicenceSession finds whose token it is; [facade.ErrNone] for none in force.
func (db *DB) LicenceSession(ctx context.Context, digest [32]byte, now time.Time) (system string, err error) {
	err = db.pool.QueryRow(ctx, "select system from licence_sessions where token_sm3 = $1 and expires_at > $2", digest[:], now).Scan(&system)
	return system, orNone(err)
}

// EndLicenceSession ends a token; of one nobody knows, it does nothing.
func (db *DB) EndLicenceSession(ctx context.Context, digest [32]byte) error {
	_, err := db.pool.Exec(ctx, "delete from licence_sessions where token_sm3 = $1", digest[:])
	return explain(err)
}

// KeepUseCode keeps what stands behind a use code.
func (db *DB) KeepUseCode(ctx context.Context, digest [32]byte, sealed []byte, expires time.Time) error {
	_, err := db.pool.Exec(ctx, "insert into licence_use_codes (code_sm3, sealed, expires_at) values ($1, $2, $3)", digest[:], sealed, expires)
	return explain(err)
}

// UseCode reads what stands behind a code; [facade.ErrNone] for none in force.
func (db *DB) UseCode(ctx context.Context, digest [32]byte, now time.Time) (sealed []byte, err error) {
	err = db.pool.QueryRow(ctx, "select sealed from licence_use_codes where code_sm3 = $1 and expires_at > $2", digest[:], now).Scan(&sealed)
	return sealed, orNone(err)
}

// TakeUseCode is UseCode of a code that serves once, over all nodes.
func (db *DB) TakeUseCode(ctx context.Context, digest [32]byte, now time.Time) (sealed []byte, err error) {
	err = db.pool.QueryRow(ctx, "delete from licence_use_codes where code_sm3 = $1 and expires_at > $2 returning sealed", digest[:], now).Scan(&sealed)
	return sealed, orNone(err)
}

func orNone(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return facade.ErrNone
	}
	return explain(err)
}
