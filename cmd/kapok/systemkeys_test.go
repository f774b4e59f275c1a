package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/enrolling"
	"kapok/gateway/grants"
)

var (
	keyOfficer = enrolling.Person{Account: gateway.Account{Ref: "staff-consumer-01"}, Department: "tianhe-renshe", Roles: []string{"consumer"}}
	keySecond  = enrolling.Person{Account: gateway.Account{Ref: "staff-desk-01"}, Department: "tianhe-renshe", Roles: []string{"approver"}}
)

// rotated has a new key take the place of a caller's, by two people on one node.
func (c *caller) rotated(node int) *caller {
	c.w.t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		c.w.t.Fatal(err)
	}
	next := &caller{w: c.w, system: c.system, key: key, keyID: jose.NewJWK("", key.Public()).Thumbprint(), now: time.Now}
	proof, err := jose.Sign(c.w.t.Context(), jwt.RegisteredClaims{
		Issuer: c.system, Subject: c.system, Audience: jwt.ClaimStrings{enrolling.Audience(publicURL, c.system)},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Minute)),
	}, map[string]any{"kid": next.keyID}, key)
	if err != nil {
		c.w.t.Fatal(err)
	}
	keys := c.w.nodes[node].newEnrolling()
	asked, err := keys.Propose(c.w.t.Context(), keyOfficer, enrolling.Wish{
		System: c.system, Key: jose.NewJWK("", key.Public()), Proof: proof, Until: time.Now().AddDate(1, 0, 0), Replaces: c.keyID, Overlap: enrolling.MinOverlap,
	})
	if err == nil {
		_, err = keys.Decide(c.w.t.Context(), keySecond, asked.ID, enrolling.Enrolled)
	}
	if err != nil {
		c.w.t.Fatal(err)
	}
	return next
}

// TestKeysRotateAndEndOnEveryNode: a key is replaced without a call that fails, and one
// that is revoked on one node is refused by the next call on the other.
func TestKeysRotateAndEndOnEveryNode(t *testing.T) {
	w := newWorld(t, 2)
	old := w.enrol(butie)
	w.granted(0, func(*grants.Terms) {})
	basis := w.duty()
	for node := range 2 {
		old.askInsurance(node, basis).wants(t, http.StatusOK, "")
	}
	next := old.rotated(0)
	for node := range 2 {
		next.askInsurance(node, basis).wants(t, http.StatusOK, "")
		old.askInsurance(node, basis).wants(t, http.StatusOK, "")
	}
	kept, err := w.nodes[1].database.SystemKey(t.Context(), old.keyID)
	if left := time.Until(kept.Until); err != nil || left > enrolling.MinOverlap || left < enrolling.MinOverlap-5*time.Minute {
		t.Errorf("the old key ends in %s, %v", left, err)
	}

	token, caseShot := old.token(1), old.shot(`{"service_item":"`+butieMatter+`","case_no":"BT-1"}`)
	if err := w.nodes[0].newEnrolling().Revoke(t.Context(), keyOfficer, old.keyID); err != nil {
		t.Fatal(err)
	}
	caseShot.node, caseShot.target = 1, publicURL+"/v1/cases/state" // a call without an entry of its own
	caseShot.header.Set("Authorization", "Bearer "+token)
	old.send(caseShot).wants(t, http.StatusUnauthorized, "key-unknown")
	use := old.shot(insuranceAsk(basis))
	use.node = 1
	use.header.Set("Authorization", "Bearer "+token)
	old.send(use).wants(t, http.StatusUnauthorized, "key-unknown")
	for node := range 2 {
		next.askInsurance(node, basis).wants(t, http.StatusOK, "")
	}
}
