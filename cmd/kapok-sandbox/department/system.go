package department

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
)

const (
	callTime      = 20 * time.Second // for one call, its token aside
	assertionLife = 2 * time.Minute
	answerLimit   = 4 << 20 // bytes
)

// System is a department's system, ready to call Kapok.
type System struct {
	kapok string // Kapok's address, without a slash at the end
	key   Key
	trust Trust
	http  *http.Client
}

// New makes a system that calls Kapok at its address with a key of its own.
func New(kapok string, key Key, trust Trust) *System {
	return &System{kapok: strings.TrimSuffix(kapok, "/"), key: key, trust: trust, http: &http.Client{Timeout: callTime}}
}

// Answer is what Kapok said to a call.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// OK reports whether data was released.
func (a Answer) OK() bool { return a.Status == http.StatusOK }

// Post makes a signed call with a token of its own. An answer with status 200 is
// returned only when Kapok's signature on it was verified; a refusal is returned
// as it is, for it releases nothing.
func (s *System) Post(ctx context.Context, path string, question any) (Answer, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return Answer{}, err
	}
	token, err := s.token(ctx)
	if err != nil {
		return Answer{}, err
	}
	asked, err := s.sign(ctx, path, token, body)
	if err != nil {
		return Answer{}, err
	}
	answer, err := s.send(ctx, asked, body)
	if err != nil {
		return Answer{}, err
	}
	if answer.OK() {
		return answer, s.trust.check(asked, answer)
	}
	return answer, nil
}

// sign makes the request's headers, signature included.
func (s *System) sign(ctx context.Context, path, token string, body []byte) (httpsig.Message, error) {
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("Accept", "application/json")
	header.Set("Authorization", "Bearer "+token)
	header.Set("Content-Digest", httpsig.ContentDigest(body))
	asked := httpsig.Message{Method: http.MethodPost, TargetURI: s.kapok + path, Header: header}
	err := httpsig.Sign(ctx, asked, httpsig.Params{
		Label: "sig1", Tag: "kapok", KeyID: s.key.ID, Nonce: rand.Text(), Created: time.Now(),
		Covered: []httpsig.Component{{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-digest"}, {Name: "authorization"}},
	}, s.key)
	return asked, err
}

func (s *System) send(ctx context.Context, asked httpsig.Message, body []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, asked.Method, asked.TargetURI, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header = asked.Header.Clone()
	res, err := s.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	return Answer{Status: res.StatusCode, Header: res.Header, Body: answer}, err
}

// token obtains an access token with a client assertion (RFC 7523 §2.2).
func (s *System) token(ctx context.Context) (string, error) {
	address := s.kapok + "/oauth2/token"
	now := time.Now()
	assertion, err := jose.Sign(ctx, jwt.RegisteredClaims{
		Issuer: s.key.System, Subject: s.key.System, Audience: jwt.ClaimStrings{address}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(assertionLife)),
	}, map[string]any{"kid": s.key.ID}, s.key)
	if err != nil {
		return "", err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	answer, err := s.send(ctx, httpsig.Message{
		Method: http.MethodPost, TargetURI: address,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
	}, []byte(form.Encode()))
	if err != nil {
		return "", err
	}
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(answer.Body, &granted); err != nil || !answer.OK() || granted.Token == "" {
		return "", fmt.Errorf("no access token for %s: %s", s.key.System, answer.Problem())
	}
	return granted.Token, nil
}
