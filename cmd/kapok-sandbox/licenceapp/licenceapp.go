// Package licenceapp plays a province's e-licence system by Guangdong's license-app/v1:
// a login that lends an access token, the list of a holder's licences with a use code
// each, and the data behind a use code. Written from the API's description alone: it
// shares no code with Kapok's connectors.
package licenceapp

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/people"
)

// Prefix is where the API begins; Item is the type of the licences held; SID is what
// faults are ordered under.
const (
	Prefix = "/license-app/v1"
	Item   = "11100000000013127Y003"
	SID    = "licence-app"
)

// Abolished is the citizen, counted from 0, whose only licence was abolished.
const Abolished = 18

// Told is what came with a question beside the holder: the province keeps it.
type Told struct{ Matter, Case, Cause, Operator string }

// Config is one account.
type Config struct {
	AppKey, AppSecret, Account, Password string
	People                               people.Register
	Faults                               *faults.Board
}

// System is the running system.
type System struct {
	config Config

	mu     sync.Mutex
	tokens map[string]bool
	uses   map[string]people.Person // by use code
	last   Told
}

// New makes a system with one account.
func New(config Config) *System {
	config.Faults.Announce(SID)
	return &System{config: config, tokens: map[string]bool{}, uses: map[string]people.Person{}}
}

// Routes adds the system's addresses to a mux.
func (s *System) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+Prefix+"/security/login", s.login)
	mux.HandleFunc("POST "+Prefix+"/license/auth", s.auth)
	mux.HandleFunc("GET "+Prefix+"/license/get_license", s.licence)
	mux.HandleFunc("GET /sandbox/licence-app/told", s.show)
}

func (s *System) told(t Told) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = t
}

// show tells what came with the last question; no province does.
func (s *System) show(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	send(w, map[string]any{"matter": last.Matter, "case": last.Case, "cause": last.Cause, "operator": last.Operator})
}

func (s *System) login(w http.ResponseWriter, r *http.Request) {
	var q struct {
		AppKey    string `json:"app_key"`
		AppSecret string `json:"app_secret"`
		Account   string `json:"account"`
		Password  string `json:"password"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&q)
	if err != nil || q.AppKey != s.config.AppKey || q.AppSecret != s.config.AppSecret || q.Account != s.config.Account || q.Password != s.config.Password {
		send(w, failure("LOGIN_FAILED", "账号或密码错误"))
		return
	}
	token := rand.Text()
	s.mu.Lock()
	s.tokens[token] = true
	s.mu.Unlock()
	answer := success(nil)
	answer["access_token"] = token
	send(w, answer)
}

// admitted checks the token; an ordered expiry ends it.
func (s *System) admitted(r *http.Request, order faults.Order) bool {
	token := r.FormValue("access_token")
	s.mu.Lock()
	defer s.mu.Unlock()
	if order.Kind == faults.ExpiredKey {
		delete(s.tokens, token)
	}
	return s.tokens[token]
}

func (s *System) auth(w http.ResponseWriter, r *http.Request) {
	order := s.config.Faults.Take(SID)
	var q struct {
		Number   string                         `json:"identity_number"`
		Matter   string                         `json:"service_item_code"`
		Case     string                         `json:"biz_num"`
		Cause    string                         `json:"use_cause"`
		Operator struct{ Account, Name string } `json:"operator"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&q); err != nil || q.Operator.Account == "" || q.Operator.Name == "" {
		send(w, failure("PARAM_INVALID", "参数错误"))
		return
	}
	if !s.admitted(r, order) {
		send(w, failure("ACCESS_TOKEN_INVALID", "令牌失效"))
		return
	}
	s.told(Told{Matter: q.Matter, Case: q.Case, Cause: q.Cause, Operator: q.Operator.Account})
	person, known := s.config.People.Find(q.Number)
	if order.Kind == faults.WrongPerson {
		person, known = s.config.People.After(person), true
	}
	list, codes := []any{}, []string{}
	if known {
		list = append(list, map[string]string{"license_item_code": Item, "license_status": "ABOLISHED", "auth_code": ""})
	}
	if known && person.Index != Abolished {
		code := s.lend(person)
		codes = append(codes, code)
		list = append(list, map[string]string{"license_item_code": Item, "license_status": "ISSUED", "auth_code": code})
	}
	answer := success(list)
	answer["auth_codes"], answer["total_count"] = codes, len(list)
	faults.Deliver(w, r, order, faults.Answer{
		Number: q.Number, Body: encoded(answer),
		Refusal: encoded(failure("NO_PERMISSION", "无权使用证照 "+q.Number)),
	})
}

func (s *System) lend(person people.Person) string {
	code := strings.ReplaceAll(time.Now().Format("20060102150405.000"), ".", "") + rand.Text()[:8]
	s.mu.Lock()
	s.uses[code] = person
	s.mu.Unlock()
	return code
}

func (s *System) licence(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(r, faults.Order{}) {
		send(w, failure("ACCESS_TOKEN_INVALID", "令牌失效"))
		return
	}
	s.mu.Lock()
	person, known := s.uses[r.FormValue("auth_code")]
	s.mu.Unlock()
	if !known {
		send(w, failure("AUTH_CODE_INVALID", "用证码无效"))
		return
	}
	send(w, success(map[string]string{
		"license_item_code": Item, "license_code": "4401002020000011QW", "license_status": "ISSUED",
		"name": "居住证", "holder_name": person.Name, "holder_identity_type": "10", "holder_identity_num": person.Number,
		"issue_org_name": "测试市公安局", "issue_date": "2024-05-01", "begin_date": "2024-05-01", "expiry_date": "2034-05-01", "trust_level": "A",
		"data_fields": "{'CYRMC':'" + person.Name + "','FZJGMC':'测试市公安局'}",
	}))
}

func success(data any) map[string]any {
	return map[string]any{"ack_code": "SUCCESS", "errors": []any{}, "timestamp": time.Now().UnixMilli(), "data": data}
}

func failure(code, message string) map[string]any {
	return map[string]any{"ack_code": "FAILURE", "errors": []any{map[string]string{"code": code, "message": message}}, "data": nil}
}

func send(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(encoded(answer)) // a reader who left is no error of ours
}

func encoded(answer any) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // maps of plain values cannot fail
	}
	return body
}
