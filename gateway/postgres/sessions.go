package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/basis"
)

// Session is a person who is signed in.
type Session struct {
	SubjectRef string   // of a citizen; "" for staff
	Issuer     string   // who signed them in
	Subject    string   // the identity provider's name for a member of staff; "" for a citizen
	Roles      []string // may be empty
	AuthLevel  string   // of the sign-in
	Device     string   // on what, in a few words; "": not known. Only written here; see [OpenSession]
	Expires    time.Time

	AgeBand basis.AgeBand // of a citizen, on the day of the sign-in; "": not known
	Step    Step
}

// Step says what else a sign-in was for (step-up). The zero one: nothing else.
type Step struct {
	For       string // SM3 of the notice that is about to be agreed to, hex
	Assertion string // SM3 of the provider's ID token, hex
}

// Login is a sign-in on its way to the identity provider and back.
type Login struct {
	BrowserHash [32]byte
	Nonce       string
	Verifier    string // PKCE
	ReturnTo    string
	StepFor     string // SM3 of a notice, hex; "": an ordinary sign-in
	Expires     time.Time
}

// SaveLogin keeps what has to match when the person comes back, under the state's hash.
func (db *DB) SaveLogin(ctx context.Context, state [32]byte, login Login) error {
	_, err := db.pool.Exec(ctx, `
		insert into logins (state_sm3, browser_sm3, nonce, verifier, return_to, step_for, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
		state[:], login.BrowserHash[:], login.Nonce, login.Verifier, login.ReturnTo, login.StepFor, login.Expires)
	return explain(err)
}

// TakeLogin uses a sign-in up and returns it; nil: unknown, taken before, or too old.
func (db *DB) TakeLogin(ctx context.Context, state [32]byte) (*Login, error) {
	var login Login
	var browser []byte
	var fresh bool
	err := db.pool.QueryRow(ctx, `
		delete from logins where state_sm3 = $1
		returning browser_sm3, nonce, verifier, return_to, step_for, expires_at, expires_at > now()`, state[:]).
		Scan(&browser, &login.Nonce, &login.Verifier, &login.ReturnTo, &login.StepFor, &login.Expires, &fresh)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !fresh {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	login.BrowserHash = [32]byte(browser)
	return &login, nil
}

// BeginSession signs a person in under the hash of a new token.
func (db *DB) BeginSession(ctx context.Context, token [32]byte, s Session) error {
	roles := s.Roles
	if roles == nil {
		roles = []string{}
	}
	_, err := db.pool.Exec(ctx, `
		insert into sessions (token_sm3, subject_ref, issuer, subject, roles, level, age_band, step_for, step_sm3, expires_at, device)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		token[:], s.SubjectRef, s.Issuer, s.Subject, roles, s.AuthLevel, s.AgeBand, s.Step.For, s.Step.Assertion, s.Expires, s.Device)
	return explain(err)
}

// Session finds who is signed in under a token's hash; nil: nobody, or it has ended.
func (db *DB) Session(ctx context.Context, token [32]byte) (*Session, error) {
	var s Session
	err := db.pool.QueryRow(ctx, `
		select subject_ref, issuer, subject, roles, level, age_band, step_for, step_sm3, expires_at from sessions
		where token_sm3 = $1 and ended_at is null and expires_at > now()`, token[:]).
		Scan(&s.SubjectRef, &s.Issuer, &s.Subject, &s.Roles, &s.AuthLevel, &s.AgeBand, &s.Step.For, &s.Step.Assertion, &s.Expires)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	return &s, nil
}

// EndSession signs out, on all nodes; of a token nobody knows, it does nothing.
func (db *DB) EndSession(ctx context.Context, token [32]byte) error {
	_, err := db.pool.Exec(ctx, "update sessions set ended_at = now() where token_sm3 = $1 and ended_at is null", token[:])
	return explain(err)
}

// ForgetSessions deletes the sign-ins, sessions and use codes that expired before a moment, and
// returns how many there were.
func (db *DB) ForgetSessions(ctx context.Context, before time.Time) (int64, error) {
	var forgotten int64
	for _, statement := range []string{
		"delete from logins where expires_at < $1",
		"delete from sessions where expires_at < $1",
		"delete from licence_sessions where expires_at < $1",
		"delete from licence_use_codes where expires_at < $1",
	} {
		done, err := db.pool.Exec(ctx, statement, before)
		if err != nil {
			return forgotten, explain(err)
		}
		forgotten += done.RowsAffected()
	}
	return forgotten, nil
}
