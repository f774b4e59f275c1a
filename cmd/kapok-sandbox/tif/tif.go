// Package tif plays Guangdong's gateway (TIF, 里约网关) with one service behind it:
// callers prove themselves with x-tif-* headers over time, token and nonce, which
// sign neither path nor body. It also signs calls as that gateway signs them towards
// a backend, for trials of Kapok as one.
//
// It is written from the protocol's description alone and shares no code with
// Kapok's connectors.
package tif

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/holdings"
	"kapok/cmd/kapok-sandbox/people"
)

// SID is the one service, for orders of faults.
const SID = "tif-insurance"

// Config is one consumer.
type Config struct {
	PaasID, Token string
	People        people.Register
	Faults        *faults.Board
}

// Gateway is the running gateway.
type Gateway struct {
	config Config

	mu   sync.Mutex
	seen map[string]time.Time
}

// New makes a gateway with one consumer.
func New(config Config) *Gateway {
	config.Faults.Announce(SID)
	return &Gateway{config: config, seen: map[string]time.Time{}}
}

// Routes adds the gateway's address to a mux.
func (g *Gateway) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /ebus/"+g.config.PaasID+"/insurance", g.insurance)
}

const (
	skew        = 180 * time.Second
	nonceLife   = 10 * time.Minute
	notAdmitted = 400001
)

// Signature is UPPERHEX(SHA256(parts)).
func Signature(parts ...string) string {
	return fmt.Sprintf("%X", sha256.Sum256([]byte(strings.Join(parts, ""))))
}

// SignAsGateway makes the headers with which the gateway calls a backend for a person
// of its own, or for nobody where uid is empty.
func SignAsGateway(header http.Header, paasID, token, uid, info, ext string, now time.Time) {
	at, nonce := strconv.FormatInt(now.Unix(), 10), rand.Text()
	header.Set("x-tif-paasid", paasID)
	header.Set("x-tif-timestamp", at)
	header.Set("x-tif-nonce", nonce)
	if uid == "" {
		header.Set("x-tif-signature", Signature(at, token, nonce, at))
		return
	}
	header.Set("x-tif-uid", uid)
	header.Set("x-tif-uinfo", info)
	header.Set("x-tif-ext", ext)
	header.Set("x-tif-signature", Signature(at, token, nonce, ",", uid, ",", info, ",", ext, at))
}

func (g *Gateway) admits(h http.Header) bool {
	at, nonce := h.Get("x-tif-timestamp"), h.Get("x-tif-nonce")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > skew || nonce == "" || h.Get("x-tif-paasid") != g.config.PaasID {
		return false
	}
	if !strings.EqualFold(h.Get("x-tif-signature"), Signature(at, g.config.Token, nonce, at)) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for old, when := range g.seen {
		if time.Since(when) > nonceLife {
			delete(g.seen, old)
		}
	}
	_, replayed := g.seen[nonce]
	g.seen[nonce] = time.Now()
	return !replayed
}

func (g *Gateway) insurance(w http.ResponseWriter, r *http.Request) {
	order := g.config.Faults.Take(SID)
	if order.Kind == faults.ExpiredKey || !g.admits(r.Header) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write(encoded(map[string]any{"code": notAdmitted, "msg": "鉴权失败，鉴权信息有误。"}))
		return
	}
	var question map[string]string
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&question); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	number := question["aac002"]
	person, known := g.config.People.Find(number)
	if order.Kind == faults.WrongPerson {
		person, known = g.config.People.After(person), true
	}
	rows := []any{}
	if known {
		rows = append(rows, holdings.LowerCase(holdings.Insurance(person)))
	}
	faults.Deliver(w, r, order, faults.Answer{
		Number:  number,
		Body:    encoded(map[string]any{"code": 0, "msg": "ok", "data": map[string]any{"rows": rows, "time": time.Now().In(holdings.Beijing()).Format(time.DateTime)}}),
		Refusal: encoded(map[string]any{"code": 403002, "msg": "无权查询" + number}),
	})
}

func encoded(answer any) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // maps of text and numbers cannot fail
	}
	return body
}
