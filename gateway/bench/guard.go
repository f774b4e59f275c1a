package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/sm"
)

// guard is the cryptography of an exchange and nothing else: it verifies an access
// token and a request signature, and signs the response over the request's own
// signature, with the packages that Kapok uses. It checks no nonce, no clock and no
// coverage, and looks nothing up that is not in memory.
type guard struct {
	issuer   *sm.PublicKey
	audience string
	systems  map[string]*sm.PublicKey
	signer   *sm.PrivateKey
	keyID    string
	verifier *sm.Verifier
}

func newGuard(v Verifies) (*guard, error) {
	g := &guard{audience: v.Audience, systems: map[string]*sm.PublicKey{}, verifier: sm.NewVerifier(sm.VerifierOptions{})}
	var err error
	if g.issuer, err = v.Issuer.PublicKey(); err != nil {
		return nil, err
	}
	for id, key := range v.Systems {
		if g.systems[id], err = key.PublicKey(); err != nil {
			return nil, err
		}
	}
	if g.signer, err = sm.ParsePrivateKey(v.Signer); err != nil {
		return nil, err
	}
	g.keyID = jose.NewJWK("", g.signer.Public()).Thumbprint()
	return g, nil
}

// boundClaims are the claims of an access token, bound to a key (RFC 7800).
type boundClaims struct {
	jwt.RegisteredClaims
	Confirmation struct {
		Thumbprint string `json:"jkt"`
	} `json:"cnf"`
}

const maxProxied = 1 << 20 // bytes of a body

func (g *guard) admit(c *gin.Context) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxProxied))
	if err == nil {
		err = g.verify(c.Request, body)
	}
	if err != nil {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	c.Next()
}

func (g *guard) verify(request *http.Request, body []byte) error {
	var claims boundClaims
	token := strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
	_, err := jose.Parse(token, &claims, g.verifier, "bench",
		func(string) (*sm.PublicKey, error) { return g.issuer, nil },
		jwt.WithAudience(g.audience), jwt.WithExpirationRequired())
	if err != nil {
		return err
	}
	message := messageOf(request)
	params, signature, err := httpsig.Parse(message, "sig1")
	if err != nil {
		return err
	}
	key, known := g.systems[params.KeyID]
	if !known || params.KeyID != claims.Confirmation.Thumbprint {
		return errors.New("bench: another key than the token's")
	}
	if err := httpsig.Verify(message, params, signature, key, g.verifier); err != nil {
		return err
	}
	return httpsig.CheckContentDigest(request.Header, body)
}

// messageOf is the request as it was signed: the proxy's own address is its host.
func messageOf(request *http.Request) httpsig.Message {
	return httpsig.Message{
		Method: request.Method, TargetURI: "http://" + request.Host + request.URL.RequestURI(), Header: request.Header,
	}
}

// signResponse is called by the reverse proxy with the source's answer. The outgoing
// request still has the header fields that came in.
func (g *guard) signResponse(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProxied))
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	response.Header.Set("Content-Digest", httpsig.ContentDigest(body))
	asked := messageOf(response.Request)
	return httpsig.Sign(context.Background(), httpsig.Message{
		Status: response.StatusCode, Header: response.Header, Request: &asked,
	}, httpsig.Params{
		Label: "kapok", Tag: "kapok-response", KeyID: g.keyID, Created: time.Now(),
		Covered: []httpsig.Component{
			{Name: "@status"}, {Name: "content-digest"}, {Name: "signature", Req: true, Key: "sig1"},
		},
	}, g.signer)
}
