package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/catalog"
	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway/enrolling"
	"kapok/gateway/httpapi"
)

func (w *world) enrolling(known *catalog.Catalog) *enrolling.Service {
	return enrolling.New(enrolling.Config{
		PublicURL: w.url, Catalog: func() *catalog.Catalog { return known }, Store: w.stores.db, Log: w.stores.log,
		Verifier: sm.NewVerifier(sm.VerifierOptions{SecondOpinionsPerSecond: 1e6, Burst: 1e6, TotalPerSecond: 1e6, TotalBurst: 1e6}), Now: time.Now,
	})
}

// holder is whoever holds a new key.
type holder struct {
	t   testing.TB
	w   *world
	key *sm.PrivateKey
}

func (w *world) holder(t testing.TB) *holder { return &holder{t, w, newKey(t)} }

func (h *holder) id() string { return jose.NewJWK("", h.key.Public()).Thumbprint() }

// proof says, by the key itself, whose it is to be.
func (h *holder) proof(change ...func(*jwt.RegisteredClaims)) string {
	h.t.Helper()
	claims := jwt.RegisteredClaims{
		Issuer: butie, Subject: butie, Audience: jwt.ClaimStrings{h.w.url + "/v1/system-keys?system=" + butie},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(5 * time.Minute)),
	}
	for _, c := range change {
		c(&claims)
	}
	signed, err := jose.Sign(h.t.Context(), claims, map[string]any{"kid": h.id()}, h.key)
	if err != nil {
		h.t.Fatal(err)
	}
	return signed
}

// wish is a proposal in which nothing is wrong.
func (h *holder) wish(change ...func(map[string]any)) map[string]any {
	h.t.Helper()
	jwk := jose.NewJWK("", h.key.Public())
	wish := map[string]any{
		"system": butie, "proof": h.proof(), "until": time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339),
		"key": map[string]any{"kty": jwk.KeyType, "crv": jwk.Curve, "x": jwk.X, "y": jwk.Y},
	}
	for _, c := range change {
		c(wish)
	}
	return wish
}

func (h *holder) propose(b *browser, change ...func(map[string]any)) httpapi.SystemKeyRequest {
	h.t.Helper()
	made := b.post("/v1/system-keys", h.wish(change...))
	made.wants(h.t, 201, "")
	return decode[httpapi.SystemKeyRequest](h.t, made)
}

func (b *browser) decideKey(id, event string) answer {
	b.t.Helper()
	return b.post("/v1/key-requests/"+id+"/events", map[string]any{"event": event})
}

func (b *browser) keyOf(id string) httpapi.SystemKey {
	b.t.Helper()
	for _, k := range decode[httpapi.SystemKeyList](b.t, b.get("/v1/system-keys?system="+butie)).Keys {
		if k.Key == id {
			return k
		}
	}
	b.t.Fatal("the key is not listed")
	return httpapi.SystemKey{}
}

// TestAKeyTakesTwoPeople: the life of a department's keys, over sockets.
func TestAKeyTakesTwoPeople(t *testing.T) {
	w := newWorld(t)
	one, two := w.browser(t).signIn("staff-consumer-01"), w.browser(t).signIn("staff-desk-01")
	stranger := w.browser(t).signIn("staff-consumer-02")
	first := w.holder(t)
	asked := first.propose(one)
	if asked.State != "proposed" || asked.Key != first.id() || asked.ProposedBy != "staff-consumer-01" {
		t.Fatalf("proposed %+v", asked)
	}
	one.decideKey(asked.ID, "confirmed").wants(t, 403, "same-person")
	two.decideKey(asked.ID, "withdrawn").wants(t, 403, "not-your-proposal")
	stranger.decideKey(asked.ID, "confirmed").wants(t, 403, "not-your-system")
	stranger.get("/v1/system-keys?system="+butie).wants(t, 403, "not-your-system")
	for _, nobody := range []string{"staff-auditor-01", "citizen-01"} {
		w.browser(t).signIn(nobody).decideKey(asked.ID, "confirmed").wants(t, 403, "role-missing")
	}
	if listed := decode[httpapi.SystemKeyList](t, two.get("/v1/system-keys?system="+butie)); len(listed.Keys) != 0 || len(listed.Requests) != 1 {
		t.Fatalf("before it is confirmed: %+v", listed)
	}
	two.decideKey(asked.ID, "confirmed").wants(t, 200, "")
	two.decideKey(asked.ID, "confirmed").wants(t, 409, "key-request-decided")
	if k := two.keyOf(first.id()); k.State != "in-force" {
		t.Errorf("confirmed as %+v", k)
	}

	next := w.holder(t)
	rotation := next.propose(two, with("replaces", first.id()), with("overlap_hours", 24))
	confirmed := one.decideKey(rotation.ID, "confirmed")
	confirmed.wants(t, 200, "")
	until := decode[httpapi.SystemKeyRequest](t, confirmed).DecidedAt.Add(24 * time.Hour)
	if old, fresh := one.keyOf(first.id()), one.keyOf(next.id()); old.State != "in-force" || fresh.State != "in-force" || old.Until.Sub(until).Abs() > time.Second {
		t.Errorf("they overlap as %+v, %+v, until %s", old, fresh, until)
	}
	revoke := func(b *browser, id string) answer {
		return b.do(http.MethodPost, "/v1/system-keys/"+id+"/revocation", "")
	}
	revoke(stranger, first.id()).wants(t, 404, "key-not-enrolled")
	revoke(one, first.id()).wants(t, 204, "")
	if !w.stopped(t, "key", first.id()) || one.keyOf(first.id()).State != "revoked" {
		t.Error("the revoked key is not stopped")
	}
	one.post("/v1/system-keys", first.wish()).wants(t, 409, "key-taken") // what was revoked never comes back

	other := w.holder(t)
	rejected, withdrawn := other.propose(one), w.holder(t).propose(one)
	two.decideKey(rejected.ID, "rejected").wants(t, 200, "")
	one.decideKey(withdrawn.ID, "withdrawn").wants(t, 200, "")
	two.decideKey(withdrawn.ID, "confirmed").wants(t, 409, "key-request-decided")
	w.recorded(t, "key-proposed", "key-confirmed", "key-enrolled", "key-revoked", "key-rejected", "key-withdrawn")
}

// TestBadKeys: refused with field and rule, and nothing is kept.
func TestBadKeys(t *testing.T) {
	w := newWorld(t)
	b, two := w.browser(t).signIn("staff-consumer-01"), w.browser(t).signIn("staff-desk-01")
	taken := w.holder(t)
	two.decideKey(taken.propose(b).ID, "confirmed").wants(t, 200, "")
	h, elsewhere := w.holder(t), w.holder(t)
	member := func(name string, value any) func(map[string]any) {
		return func(wish map[string]any) { wish["key"].(map[string]any)[name] = value }
	}
	days := func(n int) string { return time.Now().AddDate(0, 0, n).UTC().Format(time.RFC3339) }
	for name, c := range map[string]struct {
		change func(map[string]any)
		status int
		code   string
		field  string
	}{
		"not SM2":                       {member("crv", "P-256"), 400, "field-invalid", "/key/crv"},
		"a private key":                 {member("d", strings.Repeat("A", 43)), 400, "member-unknown", "/key/d"},
		"a point that is not on it":     {member("y", base64.RawURLEncoding.EncodeToString(make([]byte, 32))), 400, "key-malformed", "/key"},
		"too short a coordinate":        {member("x", "AAAA"), 400, "field-invalid", "/key/x"},
		"another department's system":   {with("system", "tianhe-minzheng-dibao"), 403, "not-your-system", ""},
		"an end too far away":           {with("until", days(4*366)), 400, "field-invalid", "/until"},
		"an end before its beginning":   {with("until", days(-1)), 400, "field-invalid", "/until"},
		"a beginning in the past":       {with("from", days(-1)), 400, "field-invalid", "/from"},
		"a beginning too far away":      {with("from", days(120)), 400, "field-invalid", "/from"},
		"no end":                        {without("until"), 400, "field-missing", "/until"},
		"an overlap with nothing":       {with("overlap_hours", 24), 400, "field-invalid", "/overlap_hours"},
		"a replacement without one":     {with("replaces", taken.id()), 400, "field-invalid", "/overlap_hours"},
		"an overlap that is too long":   {with("overlap_hours", 2161), 400, "field-invalid", "/overlap_hours"},
		"a key replaced that is not":    {func(m map[string]any) { m["replaces"], m["overlap_hours"] = elsewhere.id(), 24 }, 400, "field-invalid", "/replaces"},
		"a proof by another key":        {with("proof", elsewhere.proof()), 403, "key-proof-invalid", "/proof"},
		"a proof for another system":    {with("proof", h.proof(func(c *jwt.RegisteredClaims) { c.Issuer = "tianhe-minzheng-dibao" })), 403, "key-proof-invalid", "/proof"},
		"a proof for another door":      {with("proof", h.proof(func(c *jwt.RegisteredClaims) { c.Audience = jwt.ClaimStrings{w.url + "/oauth2/token"} })), 403, "key-proof-invalid", "/proof"},
		"a proof that has ended":        {with("proof", h.proof(func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Minute)) })), 403, "key-proof-invalid", "/proof"},
		"a proof for ever":              {with("proof", h.proof(func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().AddDate(1, 0, 0)) })), 403, "key-proof-invalid", "/proof"},
		"something that is no proof":    {with("proof", "x"), 403, "key-proof-invalid", "/proof"},
		"a key that is enrolled":        {func(m map[string]any) { m["key"] = taken.wish()["key"]; m["proof"] = taken.proof() }, 409, "key-taken", "/key"},
		"a member that nobody knows":    {with("x", 1), 400, "member-unknown", "/x"},
		"no proof":                      {without("proof"), 400, "field-missing", "/proof"},
		"a system that nobody's is":     {with("system", "nobody"), 403, "not-your-system", ""},
		"an overlap of a minute's sort": {with("overlap_hours", 0), 400, "field-invalid", "/overlap_hours"},
	} {
		t.Run(name, func(t *testing.T) {
			got := b.post("/v1/system-keys", h.wish(c.change))
			if p := got.wants(t, c.status, c.code); p.Field != c.field {
				t.Errorf("the field is %q, want %q", p.Field, c.field)
			}
		})
	}
	if listed := decode[httpapi.SystemKeyList](t, b.get("/v1/system-keys?system="+butie)); len(listed.Keys) != 1 || len(listed.Requests) != 1 {
		t.Errorf("kept %+v", listed)
	}
	b.decideKey(strings.Repeat("0", 32), "confirmed").wants(t, 404, "key-request-unknown")
}

// TestWhatEndsSoon: each sees what they look after, the next one first; a key that another
// follows says so.
func TestWhatEndsSoon(t *testing.T) {
	w := newWorld(t)
	one, two := w.browser(t).signIn("staff-consumer-01"), w.browser(t).signIn("staff-desk-01")
	enrol := func(until time.Time) string {
		h := w.holder(t)
		two.decideKey(h.propose(one, with("until", until.UTC().Format(time.RFC3339))).ID, "confirmed").wants(t, 200, "")
		return h.id()
	}
	now := time.Now()
	early, late := enrol(now.AddDate(0, 0, 20)), enrol(now.AddDate(0, 0, 40))
	ending := func(b *browser, days int) []httpapi.Ending {
		t.Helper()
		return decode[httpapi.EndingList](t, b.get(fmt.Sprintf("/v1/ending?days=%d", days))).Ending
	}
	if soon := ending(one, 30); len(soon) != 1 || soon[0].ID != early || soon[0].What != httpapi.EndingWhatSystemKey || !soon[0].Followed {
		t.Errorf("within 30 days %+v", soon)
	}
	if both := ending(one, 60); len(both) != 2 || both[0].ID != early || both[1].ID != late || both[1].Followed {
		t.Errorf("within 60 days %+v", both)
	}
	if others := ending(w.browser(t).signIn("staff-consumer-02"), 60); len(others) != 0 {
		t.Errorf("another department sees %+v", others)
	}
	one.do(http.MethodPost, "/v1/system-keys/"+late+"/revocation", "").wants(t, 204, "")
	if left := ending(two, 60); len(left) != 1 || left[0].Followed {
		t.Errorf("after the later one was revoked %+v", left)
	}
	everything := ending(w.browser(t).signIn("staff-auditor-01"), 3660)
	if last := len(everything) - 1; last < 1 || everything[0].ID != early || !slices.ContainsFunc(everything, func(e httpapi.Ending) bool { return e.What == httpapi.EndingWhatRoot && e.ID == "1" }) {
		t.Errorf("an auditor sees %+v", everything)
	}
	w.browser(t).signIn("citizen-01").get("/v1/ending").wants(t, 403, "role-missing")
	one.get("/v1/ending?days=0").wants(t, 400, "field-invalid")
}
