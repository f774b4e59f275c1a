package platform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/people"
)

// Config is one consumer and what the platform lends it.
type Config struct {
	RID        string        // the consumer's id
	AppKey     string        // its own key
	Cipher     string        // how secrets are sealed: "cbc" or "ecb"
	SecretLife time.Duration // how long a secret serves
	People     people.Register
	Faults     *faults.Board
}

// Platform is the running platform. Nothing of it is kept.
type Platform struct {
	config  Config
	seal    sealer
	secrets secrets
	counts  counts
}

type counts struct{ keyExchanges, calls, refusals atomic.Int64 }

// New makes a platform.
func New(config Config) (*Platform, error) {
	seal, known := sealers[config.Cipher]
	if !known {
		return nil, fmt.Errorf("cipher is neither cbc nor ecb")
	}
	if config.RID == "" || config.AppKey == "" || config.SecretLife <= 0 {
		return nil, fmt.Errorf("rid, app key and the secrets' life are required")
	}
	for sid := range interfaces {
		config.Faults.Announce(sid)
	}
	return &Platform{config: config, seal: seal, secrets: secrets{life: config.SecretLife}}, nil
}

// Routes adds the platform's addresses to a mux.
func (p *Platform) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /gjgxjhpt/key", p.exchangeKey)
	mux.HandleFunc("POST /gjgxjhpt/service", p.service)
	mux.HandleFunc("GET /_sandbox/counts", p.showCounts)
	mux.HandleFunc("GET /_sandbox/citizens", p.listCitizens)
}

// questionLimit bounds a request's body, in bytes.
const questionLimit = 64 << 10

// reply is the envelope of every answer.
type reply struct {
	Code    string `json:"code"`
	Data    any    `json:"data"`
	Message string `json:"message"`
}

// refuse answers as the platform does: status 200, and a code that is not "0".
func (p *Platform) refuse(w http.ResponseWriter, code, message string) {
	p.counts.refusals.Add(1)
	writeJSON(w, http.StatusOK, reply{Code: code, Message: message})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	// A reader who left is no error of ours.
	_ = json.NewEncoder(w).Encode(value)
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	return json.NewDecoder(http.MaxBytesReader(w, r.Body, questionLimit)).Decode(into)
}
