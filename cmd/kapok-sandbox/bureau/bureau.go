// Package bureau plays a department's own REST interface: the disabled persons'
// federation's register, asked with a key in a header, answered with an SM2 signature
// over the body. It shares no code with Kapok's connectors.
package bureau

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/holdings"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/crypto/sm"
)

// SID is the interface, for orders of faults.
const SID = "bureau-disability"

// privateKey signs the answers. It is the example of GB/T 32918.5, so that a
// catalogue can pin its public half and nobody takes it for a secret.
const privateKey = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"

// Config is one consumer.
type Config struct {
	APIKey string
	People people.Register
	Faults *faults.Board
}

// Bureau is the running department.
type Bureau struct {
	config        Config
	key, stranger *sm.PrivateKey
}

// New makes a department with one consumer.
func New(config Config) (*Bureau, error) {
	config.Faults.Announce(SID)
	d, err := hex.DecodeString(privateKey)
	if err != nil {
		return nil, err
	}
	key, err := sm.ParsePrivateKey(d)
	if err != nil {
		return nil, err
	}
	stranger, err := sm.GenerateKey()
	return &Bureau{config: config, key: key, stranger: stranger}, err
}

// Routes adds the department's addresses to a mux. The second is for people who read
// the numbers of interfaces from addresses: the number stands in the query.
func (b *Bureau) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /cl/v1/disability", b.disability)
	mux.HandleFunc("GET /cl/v1/disability", b.disability)
	mux.HandleFunc("POST /cl/oauth/token", b.token)
}

func number(w http.ResponseWriter, r *http.Request) string {
	if r.Header.Get("Content-Type") == "application/json" {
		var question struct {
			IDCard string `json:"id_card"`
		}
		if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&question) != nil {
			return ""
		}
		return question.IDCard
	}
	return r.FormValue("id_card")
}

func (b *Bureau) admits(r *http.Request) bool {
	same := func(given string) bool {
		return subtle.ConstantTimeCompare([]byte(given), []byte(b.config.APIKey)) == 1
	}
	if _, password, basic := r.BasicAuth(); basic {
		return same(password)
	}
	return same(r.Header.Get("X-Api-Key")) || r.Header.Get("Authorization") == "Bearer "+b.config.APIKey ||
		r.Header.Get("Authorization") == "Bearer token-of-"+b.config.APIKey
}

// token grants a token by client credentials (RFC 6749 §4.4).
func (b *Bureau) token(w http.ResponseWriter, r *http.Request) {
	_, secret, _ := r.BasicAuth()
	if r.FormValue("grant_type") != "client_credentials" || secret != b.config.APIKey {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"access_token":"token-of-` + b.config.APIKey + `","token_type":"Bearer","expires_in":600}`))
}

func (b *Bureau) disability(w http.ResponseWriter, r *http.Request) {
	order := b.config.Faults.Take(SID)
	if !b.admits(r) || order.Kind == faults.ExpiredKey {
		http.Error(w, `{"error":"unauthorised"}`, http.StatusUnauthorized)
		return
	}
	asked := number(w, r)
	person, known := b.config.People.Find(asked)
	if order.Kind == faults.WrongPerson {
		person, known = b.config.People.After(person), true
	}
	rows := []any{}
	if known {
		rows = append(rows, b.record(person, order))
	}
	at := time.Now()
	if order.Kind == faults.Stale {
		at = at.AddDate(-3, 0, 0)
	}
	body := encoded(map[string]any{"status": "ok", "result": map[string]any{"rows": rows, "as_of": at.In(holdings.Beijing()).Format(time.RFC3339)}})
	b.sign(r.Context(), w, body, order)
	faults.Deliver(w, r, order, faults.Answer{Number: asked, Body: body, Refusal: encoded(map[string]any{"status": "denied", "why": "无权查询" + asked})})
}

// record spoils a value where that was ordered: a level that does not exist.
func (b *Bureau) record(person people.Person, order faults.Order) any {
	record := holdings.LowerCase(holdings.Disability(person))
	if order.Kind == faults.BadValue {
		record["level"] = 9
	}
	return record
}

// sign puts the signature over the right body into a header, as raw r‖s in base64.
func (b *Bureau) sign(ctx context.Context, w http.ResponseWriter, body []byte, order faults.Order) {
	key := b.key
	if order.Kind == faults.WrongSignature {
		key = b.stranger
	}
	signature, err := key.Sign(ctx, body, sm.Raw)
	if err != nil {
		panic(err) // a key in memory signs
	}
	w.Header().Set("X-Body-Signature", base64.StdEncoding.EncodeToString(signature))
}

func encoded(answer any) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // maps of text and numbers cannot fail
	}
	return body
}
