package direct

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/holdings"
	"kapok/cmd/kapok-sandbox/people"
)

// The interfaces, each with an id that the nation issued.
const (
	QuerySID  = "sid-direct-household-0001"
	ApplySID  = "sid-direct-apply-0001"
	StatusSID = "sid-direct-status-0001"
)

// Config is one consumer.
type Config struct {
	RID, AppKey string
	People      people.Register
	Faults      *faults.Board
}

// Direct is the running platform.
type Direct struct {
	config Config

	mu           sync.Mutex
	applications map[string]int // by receipt: how often its state was asked
}

// New makes a platform with one consumer.
func New(config Config) *Direct {
	config.Faults.Announce(QuerySID, ApplySID, StatusSID)
	return &Direct{config: config, applications: map[string]int{}}
}

// Routes adds the platform's addresses to a mux.
func (d *Direct) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /sysapi/query/household", d.query)
	mux.HandleFunc("POST /sysapi/apply/report", d.report)
	mux.HandleFunc("POST /sysapi/apply/status", d.status)
}

type reply struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

// window is how far a request's time may lie from ours.
const window = 5 * time.Minute

// admitted reads a signed question, or says which code refuses it.
func (d *Direct) admitted(w http.ResponseWriter, r *http.Request, sid string, order faults.Order) (question map[string]string, refusal string) {
	header := func(name string) string { return r.Header.Get("gjzwfwpt_" + name) }
	ms, err := strconv.ParseInt(header("rtime"), 10, 64)
	if err != nil || time.Since(time.UnixMilli(ms)).Abs() > window {
		return nil, "api-005"
	}
	mac := hmac.New(sha256.New, []byte(d.config.AppKey))
	mac.Write([]byte(sid + d.config.RID + header("rtime")))
	given, err := base64.StdEncoding.DecodeString(header("sign"))
	if err != nil || header("sid") != sid || header("rid") != d.config.RID || !hmac.Equal(given, mac.Sum(nil)) || order.Kind == faults.ExpiredKey {
		return nil, "api-001"
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&question); err != nil {
		return nil, "api-003"
	}
	for name := range question {
		if name != strings.ToLower(name) {
			return nil, "api-002"
		}
	}
	return question, ""
}

func (d *Direct) query(w http.ResponseWriter, r *http.Request) {
	order := d.config.Faults.Take(QuerySID)
	question, refusal := d.admitted(w, r, QuerySID, order)
	if refusal != "" {
		send(w, reply{Code: refusal, Message: "鉴权失败"})
		return
	}
	person, known := d.config.People.Find(question["gmsfhm"])
	if order.Kind == faults.WrongPerson {
		person, known = d.config.People.After(person), true
	}
	records := []any{}
	if known {
		records = append(records, holdings.LowerCase(holdings.Household(person)))
	}
	asOf := time.Now().In(holdings.Beijing()).Format(time.DateTime)
	faults.Deliver(w, r, order, faults.Answer{
		Number:  question["gmsfhm"],
		Body:    encoded(reply{Code: "200", Message: "成功", Data: map[string]any{"list": records, "update_time": asOf}}),
		Refusal: encoded(reply{Code: "300", Message: "无权查询" + question["gmsfhm"]}),
	})
}

// report takes an application and gives the national receipt.
func (d *Direct) report(w http.ResponseWriter, r *http.Request) {
	question, refusal := d.admitted(w, r, ApplySID, d.config.Faults.Take(ApplySID))
	if refusal != "" {
		send(w, reply{Code: refusal, Message: "鉴权失败"})
		return
	}
	if question["apply_id"] == "" || question["resource_id"] == "" {
		send(w, reply{Code: "catalog-001", Message: "缺少必填项"})
		return
	}
	receipt := "UP-" + question["apply_id"]
	d.mu.Lock()
	d.applications[receipt] = 0
	d.mu.Unlock()
	send(w, reply{Code: "200", Message: "成功", Data: map[string]string{"up_apply_id": receipt}})
}

// status is "waiting" when first asked, then "passed"; an application whose id ends in
// -no is turned down by the nation.
func (d *Direct) status(w http.ResponseWriter, r *http.Request) {
	question, refusal := d.admitted(w, r, StatusSID, d.config.Faults.Take(StatusSID))
	if refusal != "" {
		send(w, reply{Code: refusal, Message: "鉴权失败"})
		return
	}
	receipt := question["up_apply_id"]
	d.mu.Lock()
	asked, known := d.applications[receipt]
	d.applications[receipt]++
	d.mu.Unlock()
	if !known {
		send(w, reply{Code: "res-004", Message: "申请不存在"})
		return
	}
	state, opinion := "1", ""
	if asked > 0 {
		state, opinion = "5", "同意"
	}
	if asked > 0 && strings.HasSuffix(receipt, "-no") {
		state, opinion = "3", "依据不足"
	}
	send(w, reply{Code: "200", Message: "成功", Data: map[string]string{"status": state, "opinion": opinion}})
}

func send(w http.ResponseWriter, answer reply) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(encoded(answer)) // a reader who left is no error of ours
}

func encoded(answer reply) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // plain structs of text cannot fail
	}
	return body
}
