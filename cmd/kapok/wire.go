package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"kapok/connectors"
)

// wire listens to what a connector says to its source over HTTP and hears from it. It
// keeps no secret and no value, only their places.
type wire struct {
	number string
	under  http.RoundTripper

	mu      sync.Mutex
	secrets []string
	heard   []heard
}

type heard struct{ what, text string }

func newWire(number string) *wire {
	return &wire{number: number, under: connectors.HTTPClient().Transport}
}

func (w *wire) client() *http.Client {
	return &http.Client{Transport: w, CheckRedirect: connectors.StayHere}
}

func (w *wire) secret(value string, err error) (string, error) {
	if value != "" {
		w.mu.Lock()
		w.secrets = append(w.secrets, value)
		w.mu.Unlock()
	}
	return value, err
}

func (w *wire) lines() []heard {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.heard)
}

func (w *wire) note(what, text string) {
	text = w.masked(text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, heard{what, text})
}

// masked takes the secrets and the number out of a text.
func (w *wire) masked(text string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, secret := range w.secrets {
		text = strings.ReplaceAll(text, secret, "‹secret›")
	}
	return strings.ReplaceAll(text, w.number, "‹subject›")
}

// telling are headers whose values prove something, and are masked whole.
var telling = regexp.MustCompile(`(?i)auth|sign|token|key|secret|cookie|nonce`)

func (w *wire) header(what string, header http.Header) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			if telling.MatchString(name) {
				value = "‹proof›"
			}
			w.note(what, "  "+name+": "+value)
		}
	}
}

// watched are bodies up to this size, in bytes; connectors read no longer ones.
const watchedBody = 2 << 20

// RoundTrip passes a request on and notes it and its answer.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := taken(&req.Body)
	if err != nil {
		return nil, err
	}
	w.note("sent", req.Method+" "+req.URL.String())
	w.header("sent", req.Header)
	w.body("sent", sent)
	res, err := w.under.RoundTrip(req)
	if err != nil {
		return nil, err // the connector says what became of it
	}
	came, err := taken(&res.Body)
	w.note("came", fmt.Sprintf("status %d, %d bytes", res.StatusCode, len(came)))
	w.header("came", res.Header)
	w.body("came", came)
	if err != nil {
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(came), failing{err}))
	}
	return res, nil
}

// failing repeats the error with which a body ended.
type failing struct{ err error }

// Read returns the error.
func (f failing) Read([]byte) (int, error) { return 0, f.err }

// taken reads a body and puts a copy in its place.
func taken(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	content, err := io.ReadAll(io.LimitReader(*body, watchedBody))
	_ = (*body).Close() // all that is used of it was read
	*body = io.NopCloser(bytes.NewReader(content))
	return content, err
}

// body shows how a body is built: the names in it, and of values their length.
func (w *wire) body(what string, content []byte) {
	if len(content) == 0 {
		return
	}
	var parsed any
	if json.Unmarshal(content, &parsed) != nil {
		w.note(what, "  a body that is not JSON")
		return
	}
	outline(parsed, "  ", func(line string) { w.note(what, line) })
}

func outline(value any, place string, say func(string)) {
	switch known := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(known)) {
			outline(known[name], place+"/"+name, say)
		}
	case []any:
		say(fmt.Sprintf("%s: %d elements", place, len(known)))
		for i, element := range known[:min(len(known), 1)] {
			outline(element, fmt.Sprintf("%s/%d", place, i), say)
		}
	case string:
		say(place + ": " + shape(known))
	case nil:
		say(place + ": null")
	default:
		say(fmt.Sprintf("%s: ‹%T›", place, known))
	}
}
