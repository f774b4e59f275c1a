package platform

import (
	"encoding/json"
	"net/http"
	"time"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/holdings"
)

// found is the data of a business answer.
type found struct {
	Records []any  `json:"records"`
	AsOf    string `json:"asOf"`
}

// service answers a business call: the four headers first, then the question.
func (p *Platform) service(w http.ResponseWriter, r *http.Request) {
	p.counts.calls.Add(1)
	who := proof{
		RID:   r.Header.Get("gjgxjhpt_rid"),
		SID:   r.Header.Get("gjgxjhpt_sid"),
		RTime: r.Header.Get("gjgxjhpt_rtime"),
		Sign:  r.Header.Get("gjgxjhpt_sign"),
	}
	asked, known := interfaces[who.SID]
	if !known || who.RID != p.config.RID {
		p.refuse(w, "E-106", "未授权")
		return
	}
	order := p.config.Faults.Take(who.SID)
	if order.Kind == faults.ExpiredKey {
		p.secrets.forget(who.SID)
	}
	now := time.Now()
	if !who.timely(now) {
		p.refuse(w, "E-107", "请求时间超出允许范围")
		return
	}
	if !p.secrets.accepts(who, now) {
		p.refuse(w, "E-106", "签名校验未通过")
		return
	}
	var question map[string]string
	if err := readJSON(w, r, &question); err != nil || question[asked.param] == "" {
		p.refuse(w, "E-201", "缺少参数"+asked.param)
		return
	}
	number := question[asked.param]
	faults.Deliver(w, r, order, faults.Answer{
		Number: number, Body: p.answer(asked, order, number, now), Refusal: encoded(reply{Code: "E-301", Message: "无权查询" + number}),
	})
}

// answer is the body about a person, or about another one where that was ordered.
func (p *Platform) answer(asked dataInterface, order faults.Order, number string, now time.Time) []byte {
	data := found{Records: []any{}, AsOf: now.In(holdings.Beijing()).Truncate(time.Second).Format(time.RFC3339)}
	person, known := p.config.People.Find(number)
	if order.Kind == faults.WrongPerson {
		person, known = p.config.People.After(person), true
	}
	if record := asked.record(person); known && record != nil {
		data.Records = append(data.Records, record)
	}
	return encoded(reply{Code: "0", Data: data, Message: "成功"})
}

func encoded(answer reply) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // plain structs of text cannot fail
	}
	return body
}
