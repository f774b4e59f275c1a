// Package certshare plays a province's licence share service in the style of GB/T 36906:
// questions with accessId and accessToken in their head, licences encrypted by SM2 to the
// caller. Written from the service's description alone: it shares no code with Kapok's
// connectors.
package certshare

import (
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/crypto/sm"
)

// Prefix is where the service begins; Type is the type of the licences held; SID is what
// faults are ordered under.
const (
	Prefix = "/zzgxpt"
	Type   = "11440000KAPK01099X001"
	SID    = "cert-share"
)

// The service's statuses.
const (
	well       = 0
	none       = 10
	unknown    = 11
	other      = 99
	forbidden  = 100
	wrongTypes = 103
)

// Config is one consumer.
type Config struct {
	AccessID, AccessToken string
	PublicKey             string // the consumer's, 04‖X‖Y in hexadecimal digits
	People                people.Register
	Faults                *faults.Board
}

// System is the running service.
type System struct {
	config Config
	key    *sm.PublicKey

	mu   sync.Mutex
	last map[string]string // useCause of the last question
}

// New makes a service with one consumer.
func New(config Config) (*System, error) {
	point, err := hex.DecodeString(config.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("the share service's consumer: %w", err)
	}
	key, err := sm.ParsePublicKey(point)
	if err != nil {
		return nil, fmt.Errorf("the share service's consumer: %w", err)
	}
	config.Faults.Announce(SID)
	return &System{config: config, key: key, last: map[string]string{}}, nil
}

// Routes adds the service's addresses to a mux.
func (s *System) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+Prefix+"/queryCertInfoByHolderCode", s.byHolder)
	mux.HandleFunc("GET /sandbox/cert-share/told", s.show)
}

// show tells what came with the last question; no province does.
func (s *System) show(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	send(w, s.last)
}

type question struct {
	Head struct {
		AccessID    string `json:"accessId"`
		AccessToken string `json:"accessToken"`
	} `json:"head"`
	Data struct {
		HolderCode     string            `json:"holderCode"`
		HolderTypeCode string            `json:"holderTypeCode"`
		CertTypeCode   string            `json:"certTypeCode"`
		UseCause       map[string]string `json:"useCause"`
	} `json:"data"`
}

func (s *System) byHolder(w http.ResponseWriter, r *http.Request) {
	order := s.config.Faults.Take(SID)
	var q question
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&q) != nil || q.Data.UseCause["certificateCallCategory"] == "" {
		send(w, head(other, "参数错误"))
		return
	}
	if !s.admitted(q) || order.Kind == faults.ExpiredKey {
		send(w, head(unknown, "身份验证不通过"))
		return
	}
	s.mu.Lock()
	s.last = q.Data.UseCause
	s.mu.Unlock()
	if q.Data.HolderTypeCode != "111" {
		send(w, head(wrongTypes, "持证主体代码类型代码不符合规范"))
		return
	}
	person, known := s.config.People.Find(q.Data.HolderCode)
	if order.Kind == faults.WrongPerson {
		person, known = s.config.People.After(person), true
	}
	if !known || q.Data.CertTypeCode != Type {
		send(w, head(none, "未找到匹配的证照信息"))
		return
	}
	answer, err := s.sealed(person)
	if err != nil {
		send(w, head(other, "其他异常"))
		return
	}
	faults.Deliver(w, r, order, faults.Answer{Number: q.Data.HolderCode, Body: answer, Refusal: encoded(head(forbidden, "无访问该证的权限 "+q.Data.HolderCode))})
}

func (s *System) admitted(q question) bool {
	id := subtle.ConstantTimeCompare([]byte(q.Head.AccessID), []byte(s.config.AccessID))
	token := subtle.ConstantTimeCompare([]byte(q.Head.AccessToken), []byte(s.config.AccessToken))
	return id&token == 1
}

// sealed is a person's licence, encrypted to the consumer.
func (s *System) sealed(person people.Person) ([]byte, error) {
	plain := encoded([]map[string]any{{
		"certificateIdentifier": "1.2.156.3005.2." + Type + "." + "44010000" + fmt.Sprint(person.Index), "certificateName": "中华人民共和国社会保障卡",
		"certificateTypeCode": Type, "certificateNumber": fmt.Sprintf("SBK%08d", person.Index), "certificateHolderName": person.Name,
		"certificateHolderCode": person.Number, "certificateHolderTypeCode": "111", "certificateIssuingAuthorityName": "测试市人力资源和社会保障局",
		"certificateIssuedDate": "2024-05-01", "certificateEffectiveDate": "2024-05-01", "certificateExpiringDate": "2034-05-01",
		"extend_info": map[string]string{"KH": fmt.Sprintf("CARD%08d", person.Index)},
	}})
	sealed, err := sm.Encrypt(s.key, plain, sm.C1C3C2)
	if err != nil {
		return nil, err
	}
	answer := head(well, "成功")
	answer["data"] = map[string]string{"certData": hex.EncodeToString(sealed)}
	return encoded(answer), nil
}

func head(status int, message string) map[string]any {
	return map[string]any{"head": map[string]any{"status": status, "message": message}, "data": map[string]any{}}
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
