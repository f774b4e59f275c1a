// Package receiver plays departments' systems that are told of changes: it takes signed
// pushes in, checks each signature by the certificates that come with it, and on order
// answers wrongly first.
//
// It must not know how Kapok sends: what it checks is RFC 9421's.
package receiver

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"kapok/crypto/httpsig"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

const bodyLimit = 1 << 20

// Receiver holds what came in, for each system.
type Receiver struct {
	mu      sync.Mutex
	public  string
	came    map[string][]Push
	answers map[string][]int // of the next pushes; then 204
}

// Push is one that came in.
type Push struct {
	Signed bool            `json:"signed"` // the signature is good, by the certificates' first key
	Chain  [][]byte        `json:"chain"`
	Answer int             `json:"answer"` // what was answered
	Body   json.RawMessage `json:"body"`
}

// New makes a receiver that others reach under an address.
func New(public string) *Receiver {
	return &Receiver{public: public, came: map[string][]Push{}, answers: map[string][]int{}}
}

// Routes adds its addresses: where pushes come in, what came, and what to answer next.
func (r *Receiver) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /webhooks/{system}", r.take)
	mux.HandleFunc("GET /_sandbox/webhooks/{system}", r.list)
	mux.HandleFunc("POST /_sandbox/webhooks/{system}", r.order)
}

func (r *Receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, bodyLimit))
	if err != nil || !json.Valid(body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	push := Push{Answer: http.StatusNoContent, Body: body}
	push.Signed, push.Chain = r.check(req, body)
	system := req.PathValue("system")
	r.mu.Lock()
	defer r.mu.Unlock()
	if next := r.answers[system]; len(next) > 0 {
		push.Answer, r.answers[system] = next[0], next[1:]
	}
	r.came[system] = append(r.came[system], push)
	w.WriteHeader(push.Answer)
}

// check verifies the signature and that it covers all that matters.
func (r *Receiver) check(req *http.Request, body []byte) (good bool, chain [][]byte) {
	for one := range strings.SplitSeq(req.Header.Get("Kapok-Certificates"), ",") {
		der, err := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimSpace(one), ":"))
		if err != nil {
			return false, nil
		}
		chain = append(chain, der)
	}
	leaf, err := pki.Parse(chain[0])
	if err != nil {
		return false, chain
	}
	message := httpsig.Message{Method: req.Method, TargetURI: r.public + req.URL.RequestURI(), Header: req.Header}
	params, signature, err := httpsig.Parse(message, "kapok")
	if err != nil || httpsig.CheckContentDigest(req.Header, body) != nil {
		return false, chain
	}
	for _, name := range []string{"@method", "@target-uri", "content-digest", "kapok-certificates"} {
		if !params.Covers(httpsig.Component{Name: name}) {
			return false, chain
		}
	}
	key, err := leaf.PublicKey()
	if err != nil {
		return false, chain
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	return httpsig.Verify(message, params, signature, key, verifier) == nil, chain
}

func (r *Receiver) list(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"pushes": r.came[req.PathValue("system")]}) // the asker has gone
}

func (r *Receiver) order(w http.ResponseWriter, req *http.Request) {
	var wanted struct {
		Answers []int `json:"answers"`
	}
	if err := json.NewDecoder(req.Body).Decode(&wanted); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[req.PathValue("system")] = wanted.Answers
	w.WriteHeader(http.StatusNoContent)
}
