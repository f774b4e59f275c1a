package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"kapok/gateway/httpapi"
)

// contract is a second reader of openapi.yaml, for answers.
var contract = sync.OnceValues(func() (validator.Validator, error) {
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(raw)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions(), config.WithRegexCache(&sync.Map{}))
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// described are the addresses of openapi.yaml, by operation.
var described = sync.OnceValues(func() ([]*regexp.Regexp, error) {
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	var found []*regexp.Regexp
	for _, line := range regexp.MustCompile(`(?m)^  (/[^:]*):$`).FindAllSubmatch(raw, -1) {
		pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(string(line[1])), "[^/]+")
		found = append(found, regexp.MustCompile("^"+pattern+"$"))
	}
	return found, nil
})

// conforms holds an answer against openapi.yaml: the status is one the operation
// has, and the body keeps its schema. What is no operation's is a problem or a page.
func conforms(t testing.TB, request *http.Request, got answer) {
	t.Helper()
	if got.StatusCode >= 400 {
		mustBeProblem(t, got)
	}
	addresses, err := described()
	if err != nil {
		t.Fatal(err)
	}
	known := slices.ContainsFunc(addresses, func(r *regexp.Regexp) bool { return r.MatchString(request.URL.EscapedPath()) })
	if !known || got.StatusCode == http.StatusMethodNotAllowed {
		return
	}
	v, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	response := *got.Response
	response.Body = io.NopCloser(bytes.NewReader(got.body))
	if ok, found := v.ValidateHttpResponse(request, &response); !ok {
		for _, one := range found {
			t.Errorf("%s %s answered %d against openapi.yaml: %s %v", request.Method, request.URL.Path, got.StatusCode, one.Message, one.SchemaValidationErrors)
		}
	}
}

// problem is RFC 9457's, with Kapok's members.
type problem struct {
	Type    string                 `json:"type"`
	Title   string                 `json:"title"`
	Status  int                    `json:"status"`
	Detail  string                 `json:"detail"`
	Code    string                 `json:"code"`
	TraceID string                 `json:"trace_id"`
	Field   string                 `json:"field"`
	Fields  []string               `json:"fields"`
	Remedy  string                 `json:"remedy"`
	Steps   []httpapi.DecisionStep `json:"steps"`
	Places  []httpapi.ProblemPlace `json:"places"`

	OAuth       string `json:"error"`
	Description string `json:"error_description"`
}

// mustBeProblem checks what every refusal has, whatever operation it is of.
func mustBeProblem(t testing.TB, got answer) problem {
	t.Helper()
	var p problem
	decoder := json.NewDecoder(bytes.NewReader(got.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		if got.StatusCode == http.StatusServiceUnavailable && strings.Contains(string(got.body), `"checks"`) {
			return p // readiness has a form of its own
		}
		t.Fatalf("status %d without a problem: %v in %q", got.StatusCode, err, got.body)
	}
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(p.TraceID) {
		t.Errorf("trace_id %q", p.TraceID)
	}
	if p.OAuth != "" {
		return p
	}
	if media := got.Header.Get("Content-Type"); media != "application/problem+json" {
		t.Errorf("a problem of media type %q", media)
	}
	if p.Status != got.StatusCode || p.Title == "" || p.Detail == "" || p.Type != "/docs/problems#"+p.Code {
		t.Errorf("problem %+v with status %d", p, got.StatusCode)
	}
	return p
}

// wants checks status and code at once.
func (a answer) wants(t testing.TB, status int, code string) problem {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d %s: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, code, a.body)
	}
	if code == "" {
		return problem{}
	}
	p := mustBeProblem(t, a)
	if p.Code != code {
		t.Fatalf("%s %s: code %q, want %q: %s", a.Request.Method, a.Request.URL.Path, p.Code, code, a.body)
	}
	return p
}
