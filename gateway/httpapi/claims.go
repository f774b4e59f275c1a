package httpapi

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/postgres"
)

// identityClaims are what Kapok reads of what the provider says of a person. The
// names are those of the province's service (统一身份认证).
type identityClaims struct {
	Issuer    string `json:"-"`
	Assertion string `json:"-"` // SM3 of the ID token, hex

	Subject  string `json:"sub"`
	IDType   string `json:"idcardtype"`
	IDNumber string `json:"idcardnumber"`
	Level    string `json:"creditable_level_of_account"` // L0 to L3
}

// claimsOf redeems the code and checks what comes back: the token's signature,
// issuer, audience and time (go-oidc), and that it was made for this sign-in.
func (a *api) claimsOf(ctx context.Context, code string, login postgres.Login) (identityClaims, error) {
	identity, err := a.provider.get()
	if err != nil {
		return identityClaims{}, err
	}
	ctx = a.provider.context(ctx)
	token, err := identity.oauth.Exchange(ctx, code, oauth2.VerifierOption(login.Verifier))
	if err != nil {
		return identityClaims{}, exchangeFailure(err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := identity.verifier.Verify(ctx, raw)
	if err != nil {
		return identityClaims{}, untrusted(err)
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(login.Nonce)) != 1 {
		return identityClaims{}, untrusted(errors.New("nonce is not the one of this sign-in"))
	}
	if err := steppedUp(login, authTime(idToken)); err != nil {
		return identityClaims{}, err
	}
	claims := identityClaims{}
	if err := idToken.Claims(&claims); err != nil {
		return identityClaims{}, untrusted(errors.New("claims of the ID token are not of the expected form"))
	}
	digest := sm.Sum([]byte(raw))
	claims.Issuer, claims.Assertion = idToken.Issuer, hex.EncodeToString(digest[:])
	return identity.complete(ctx, token, claims)
}

// complete asks the user-info endpoint for what the ID token leaves out.
func (d *discovered) complete(ctx context.Context, token *oauth2.Token, claims identityClaims) (identityClaims, error) {
	if claims.IDNumber != "" || d.provider.UserInfoEndpoint() == "" {
		return claims, nil
	}
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil { // its text can quote the answer
		return identityClaims{}, unavailable(errors.New("user info could not be read"))
	}
	more := identityClaims{}
	if err := info.Claims(&more); err != nil || more.Subject != claims.Subject {
		return identityClaims{}, untrusted(errors.New("user info is not of the person of the ID token"))
	}
	more.Issuer, more.Assertion = claims.Issuer, claims.Assertion
	return more, nil
}

// exchangeFailure keeps the provider's status and error code; its text could be anything.
func exchangeFailure(err error) error {
	answered, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || answered.Response.StatusCode >= http.StatusInternalServerError {
		return unavailable(errors.New("token endpoint did not answer"))
	}
	return untrusted(fmt.Errorf("token endpoint answered %d", answered.Response.StatusCode))
}

func untrusted(cause error) error {
	return gateway.Fail(gateway.Unauthenticated, "sign-in-invalid", "What the identity provider answered cannot be trusted.").Because(cause)
}
