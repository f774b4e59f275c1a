package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
)

// family is what an error's kind is called at the edge: the only mapping there is.
type family struct {
	status int
	title  string
	oauth  string // RFC 6749 §5.2
}

var families = map[gateway.Kind]family{
	gateway.Internal:        {http.StatusInternalServerError, "Kapok failed", "server_error"},
	gateway.Invalid:         {http.StatusBadRequest, "The request breaks a rule of its form", "invalid_request"},
	gateway.Unauthenticated: {http.StatusUnauthorized, "It is not proven who asks", "invalid_client"},
	gateway.Forbidden:       {http.StatusForbidden, "This is not allowed", "unauthorized_client"},
	gateway.NotFound:        {http.StatusNotFound, "There is no such thing for you", "invalid_request"},
	gateway.Conflict:        {http.StatusConflict, "It contradicts what was done before", "invalid_request"},
	gateway.Excess:          {http.StatusPreconditionFailed, "More was asked for than is allowed", "invalid_scope"},
	gateway.TooLarge:        {http.StatusRequestEntityTooLarge, "The request is too large", "invalid_request"},
	gateway.TooMany:         {http.StatusTooManyRequests, "Too many requests", "temporarily_unavailable"},
	gateway.NotBuilt:        {http.StatusNotImplemented, "This part is not built yet", "server_error"},
	gateway.SourceFailed:    {http.StatusBadGateway, "The source of the data failed", "server_error"},
	gateway.SourceTimeout:   {http.StatusGatewayTimeout, "The source of the data did not answer in time", "server_error"},
	gateway.Unavailable:     {http.StatusServiceUnavailable, "Kapok cannot do this now", "temporarily_unavailable"},
}

// exceptions are codes for which HTTP has a status of its own.
var exceptions = map[string]int{
	"method-not-allowed":       http.StatusMethodNotAllowed,
	"content-type-unsupported": http.StatusUnsupportedMediaType,
}

// problemType leads to the explanation of a code.
const problemType = "/docs/problems#"

// writeProblem answers with an RFC 9457 problem. What it says comes from the error's
// safe parts only; the cause goes to the log with the trace id.
func writeProblem(c *gin.Context, err error) {
	v, failure, known := fail(c, err)
	writeProblemAs(c, known.status, Problem{
		Type: problemType + failure.Code, Title: known.title, Status: known.status,
		Detail: failure.Message, Code: failure.Code, TraceID: v.trace,
		Field: failure.Field, Fields: failure.Fields, Remedy: failure.Remedy, Confirmation: failure.Confirmation,
		Steps: problemSteps(failure.Steps), Places: problemPlaces(failure.Places),
	}, "application/problem+json")
}

func problemSteps(steps []gateway.Step) (shown []DecisionStep) {
	for _, step := range steps {
		shown = append(shown, DecisionStep{Do: DecisionStepDo(step.Do), Fields: step.Fields})
	}
	return shown
}

func problemPlaces(places []gateway.Place) (shown []ProblemPlace) {
	for _, p := range places {
		shown = append(shown, ProblemPlace{File: p.File, Row: p.Row, Column: p.Column, Cell: p.Cell, Heading: p.Heading, Zh: p.Zh, En: p.En})
	}
	return shown
}

// writeOAuthError answers as RFC 6749 §5.2 wants it, with Kapok's code beside.
func writeOAuthError(c *gin.Context, err error) {
	v, failure, known := fail(c, err)
	if failure.Code == "field-invalid" && failure.Field == "grant_type" {
		known.oauth = "unsupported_grant_type"
	}
	writeProblemAs(c, known.status, OAuthError{
		Error: OAuthErrorError(known.oauth), ErrorDescription: failure.Message,
		Code: failure.Code, TraceID: v.trace,
	}, "application/json")
}

// fail ends the request: it notes the failure for the log and sets the headers that
// its kind calls for.
func fail(c *gin.Context, err error) (*visit, *gateway.Error, family) {
	v, failure := visitOf(c), gateway.AsError(err)
	known, ok := families[failure.Kind]
	if !ok {
		known = families[gateway.Internal]
	}
	if status, ok := exceptions[failure.Code]; ok {
		known.status = status
	}
	v.failure = failure
	c.Abort()
	header := c.Writer.Header()
	if failure.RetryAfter > 0 || known.status == http.StatusServiceUnavailable {
		header.Set("Retry-After", retryAfter(failure.RetryAfter))
	}
	if known.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", challenge(failure.Code))
	}
	return v, failure, known
}

// retryAfter is in whole seconds, rounded up; at least one.
func retryAfter(wait time.Duration) string {
	seconds := int64((wait + time.Second - 1) / time.Second)
	return strconv.FormatInt(max(seconds, 1), 10)
}

// challenge names how to prove oneself (RFC 9110 §11.6.1).
func challenge(code string) string {
	if code == codeSessionMissing {
		return `Session realm="kapok"`
	}
	return `Bearer realm="kapok"`
}

func writeProblemAs(c *gin.Context, status int, body any, mediaType string) {
	encoded, err := json.Marshal(body)
	if err != nil { // cannot happen: strings and numbers only
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(status, mediaType, encoded)
}
