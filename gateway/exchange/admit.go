package exchange

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"kapok/crypto/httpsig"
	"kapok/crypto/sm"
	"kapok/gateway"
)

const (
	requestLabel = "sig1"
	requestTag   = "kapok"

	// maxSkew is how far a caller's clock may be off. A nonce is remembered for twice
	// as long, so that it cannot come back while its signature is still fresh.
	maxSkew       = 180 * time.Second
	nonceLifetime = 2 * maxSkew
)

// mustCover are the parts of a request that its signature has to cover (RFC 9421).
var mustCover = []string{"@method", "@target-uri", "content-digest", "authorization"}

// What a caller chooses and the ledger claims for it is printable ASCII of a sound
// length.
var (
	idempotencyKey = regexp.MustCompile(`^[\x21-\x7e]{8,128}$`)
	onceOnly       = regexp.MustCompile(`^[\x21-\x7e]{16,128}$`) // nonce, jti: 96 bits in base64url
)

// admit proves who calls: an access token that Kapok issued to a system, and a
// message signature over this very request by the key the token is bound to. The
// nonce is claimed later, in the transaction that records what became of the call,
// so that it is used once on all nodes.
func (s *Service) admit(ctx context.Context, call Call) (Caller, error) {
	token, err := s.accessToken(call.Header.Get("Authorization"))
	if err != nil {
		return Caller{}, err
	}
	message := httpsig.Message{Method: call.Method, TargetURI: call.TargetURI, Header: call.Header}
	params, signature, err := httpsig.Parse(message, requestLabel)
	if err != nil {
		return Caller{}, err
	}
	if err := s.checkParams(call, params, token); err != nil {
		return Caller{}, err
	}
	key, err := s.systemKey(ctx, params.KeyID)
	if err != nil {
		return Caller{}, err
	}
	if key.System != token.Subject {
		return Caller{}, unknownKey()
	}
	if err := httpsig.Verify(message, params, signature, key.Public, s.verifier); err != nil {
		return Caller{}, err
	}
	if err := httpsig.CheckContentDigest(call.Header, call.Body); err != nil {
		return Caller{}, err
	}
	base, err := httpsig.Base(message, params)
	if err != nil {
		return Caller{}, err
	}
	return Caller{
		System: key.System, Department: s.live.Load().departmentOf(key.System), KeyID: key.KeyID,
		Nonce: params.Nonce, Created: params.Created, Base: base, Signature: signature,
	}, nil
}

func (s *Service) checkParams(call Call, params httpsig.Params, token accessClaims) error {
	if missing := uncovered(call, params, mustCover); missing != "" {
		failure := gateway.Fail(gateway.Unauthenticated, "signature-incomplete",
			"The signature has to cover @method, @target-uri, content-digest, authorization, and idempotency-key where it is sent.")
		failure.Field = missing
		return failure
	}
	if params.KeyID != token.Confirmation.Thumbprint {
		return gateway.Fail(gateway.Unauthenticated, "key-mismatch",
			"The request is signed by another key than the one its access token is bound to.")
	}
	return s.checkOccasion(call, params, requestTag)
}

// checkOccasion holds what a signature says of itself to the rules for all callers.
func (s *Service) checkOccasion(call Call, params httpsig.Params, tag string) error {
	if key := call.Header.Get(idempotencyHeader); key != "" && !idempotencyKey.MatchString(key) {
		failure := gateway.Fail(gateway.Invalid, "idempotency-key-invalid", "Idempotency-Key is 8 to 128 printable ASCII characters without blanks.")
		failure.Field = strings.ToLower(idempotencyHeader)
		return failure
	}
	if params.Tag != tag {
		return gateway.Fail(gateway.Unauthenticated, "signature-malformed", `The signature's tag has to be "`+tag+`".`)
	}
	if !onceOnly.MatchString(params.Nonce) {
		return gateway.Fail(gateway.Unauthenticated, "nonce-missing", "The signature needs a nonce of 16 to 128 printable ASCII characters.")
	}
	if skew := s.now().Sub(params.Created); skew > maxSkew || skew < -maxSkew {
		return gateway.Fail(gateway.Unauthenticated, "clock-skew",
			"The signature's created time is more than 180 seconds from this server's clock.")
	}
	return nil
}

// uncovered names the first part that should be covered and is not.
func uncovered(call Call, params httpsig.Params, needed []string) string {
	for _, name := range needed {
		if !params.Covers(httpsig.Component{Name: name}) {
			return name
		}
	}
	if call.Header.Get(idempotencyHeader) != "" && !params.Covers(httpsig.Component{Name: strings.ToLower(idempotencyHeader)}) {
		return strings.ToLower(idempotencyHeader)
	}
	return ""
}

// keyKept is how long a node goes by what it read of a key. A key's owner never changes,
// and a revoked key is stopped by its marker in the ledger's transaction; but a key that
// is replaced ends sooner than it was to, an hour from then at the least.
const keyKept = time.Minute

type keptKey struct {
	SystemKey
	read time.Time
}

// systemKey finds an enrolled key.
func (s *Service) systemKey(ctx context.Context, keyID string) (SystemKey, error) {
	if known, ok := s.knownKeys.Load(keyID); ok {
		if kept := known.(keptKey); s.now().Sub(kept.read) < keyKept {
			return kept.usableAt(s.now())
		}
	}
	return s.readKey(ctx, keyID)
}

// readKey asks the store, which knows at once that a key was revoked.
func (s *Service) readKey(ctx context.Context, keyID string) (SystemKey, error) {
	key, err := s.keys.SystemKey(ctx, keyID)
	if errors.Is(err, ErrUnknownKey) {
		return SystemKey{}, unknownKey()
	}
	if err != nil {
		return SystemKey{}, gateway.Fail(gateway.Unavailable, "keys-unavailable", "The caller's key could not be looked up.").Because(err)
	}
	s.knownKeys.Store(keyID, keptKey{key, s.now()})
	return key.usableAt(s.now())
}

// ErrUnknownKey is what [Keys] answers for a key that nobody enrolled.
var ErrUnknownKey = errors.New("exchange: no such key is enrolled")

// SystemKey is a key that a department's system signs with.
type SystemKey struct {
	KeyID   string // RFC 7638 thumbprint, by SM3
	System  string
	Public  *sm.PublicKey
	From    time.Time
	Until   time.Time // zero: no end
	Revoked bool
}

func (k SystemKey) usableAt(now time.Time) (SystemKey, error) {
	if k.Revoked || now.Before(k.From) || !k.Until.IsZero() && !now.Before(k.Until) {
		return SystemKey{}, unknownKey()
	}
	return k, nil
}

func unknownKey() *gateway.Error {
	return gateway.Fail(gateway.Unauthenticated, "key-unknown",
		"The key is not enrolled for this system, has ended, or was revoked.")
}
