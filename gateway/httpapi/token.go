package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
	"kapok/gateway/exchange"
)

// Tokens issues access tokens to departments' systems.
type Tokens interface {
	Issue(ctx context.Context, request exchange.TokenRequest) (exchange.TokenResponse, error)
}

// issueToken is RFC 6749 §4.4 with RFC 7523 §2.2. It is not of the strict server,
// because a parameter that stands twice has to be refused (RFC 6749 §3.2) and errors
// have OAuth's form.
func (a *api) issueToken(c *gin.Context) {
	request, err := tokenForm(c)
	if err != nil {
		writeOAuthError(c, err)
		return
	}
	answer, err := a.tokens.Issue(c.Request.Context(), request)
	if err != nil {
		writeOAuthError(c, err)
		return
	}
	c.JSON(http.StatusOK, TokenResponse{
		AccessToken: answer.AccessToken, TokenType: TokenResponseTokenType(answer.TokenType), ExpiresIn: answer.ExpiresIn,
	})
}

// tokenParameters are those of the form, and whether each has to be there.
var tokenParameters = map[string]bool{
	"grant_type": true, "client_assertion_type": true, "client_assertion": true,
	"client_id": false, "scope": false, // RFC 7521 §4.2 allows the one; the other has no meaning here
}

func tokenForm(c *gin.Context) (exchange.TokenRequest, error) {
	const mediaType = "application/x-www-form-urlencoded"
	if !isMediaType(c, mediaType) {
		return exchange.TokenRequest{}, unsupportedType(mediaType)
	}
	body, err := readBody(c)
	if err != nil {
		return exchange.TokenRequest{}, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil { // its text quotes the body
		return exchange.TokenRequest{}, invalid("", "The body is not form-encoded.")
	}
	if err := checkOnce(form, tokenParameters); err != nil {
		return exchange.TokenRequest{}, err
	}
	return exchange.TokenRequest{
		GrantType: form.Get("grant_type"), ClientAssertionType: form.Get("client_assertion_type"),
		ClientAssertion: form.Get("client_assertion"), TraceID: visitOf(c).trace,
	}, nil
}

// checkOnce refuses parameters that are not known, stand twice, or are missing.
func checkOnce(given url.Values, known map[string]bool) error {
	for name, values := range given {
		if _, ok := known[name]; !ok {
			return unknownMember(name, "A parameter is not known.")
		}
		if len(values) > 1 {
			failure := gateway.Fail(gateway.Invalid, "parameter-repeated", "A parameter stands more than once.")
			failure.Field = name
			return failure
		}
	}
	for name, required := range known {
		if required && given.Get(name) == "" {
			failure := gateway.Fail(gateway.Invalid, "field-missing", "A parameter is missing: "+name+".")
			failure.Field = name
			return failure
		}
	}
	return nil
}
