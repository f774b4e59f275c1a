package platform

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Order is a fault that a tester wants from an interface, for its next calls.
type Order struct {
	SID     string `json:"sid"`
	Kind    string `json:"kind"`
	Count   int    `json:"count"`
	DelayMS int    `json:"delay_ms"`
}

// faults says what each kind does to an answer that would have been right.
// expired-key and wrong-person do theirs before; their answer is sent plainly.
var faults = map[string]func(w http.ResponseWriter, r *http.Request, order Order, number string, body []byte){
	"slow":          sendSlowly,
	"500":           sendFailure,
	"garbage":       sendGarbage,
	"half":          sendHalf,
	"wrong-content": sendLoginPage,
	"refused":       sendRefusal,
	"down":          cutOff,
	"wrong-person":  sendPlainly,
	"expired-key":   sendPlainly,
}

func (p *Platform) deliver(w http.ResponseWriter, r *http.Request, order Order, number string, body []byte) {
	send, ordered := faults[order.Kind]
	if !ordered {
		send = sendPlainly
	}
	send(w, r, order, number, body)
}

func sendPlainly(w http.ResponseWriter, _ *http.Request, _ Order, _ string, body []byte) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(body) // a reader who left is no error of ours
}

func sendSlowly(w http.ResponseWriter, r *http.Request, order Order, number string, body []byte) {
	select {
	case <-time.After(time.Duration(order.DelayMS) * time.Millisecond):
		sendPlainly(w, r, order, number, body)
	case <-r.Context().Done():
	}
}

func sendFailure(w http.ResponseWriter, _ *http.Request, _ Order, number string, _ []byte) {
	http.Error(w, "java.lang.NullPointerException: "+number, http.StatusInternalServerError)
}

func sendGarbage(w http.ResponseWriter, r *http.Request, order Order, number string, _ []byte) {
	sendPlainly(w, r, order, number, []byte("\xb2\xe2\xca\xd4{"+number+"]"))
}

func sendHalf(w http.ResponseWriter, r *http.Request, order Order, number string, body []byte) {
	sendPlainly(w, r, order, number, body[:len(body)/2])
}

// sendLoginPage is what a gateway in between answers when its session ended.
func sendLoginPage(w http.ResponseWriter, _ *http.Request, _ Order, number string, _ []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<html><title>请登录</title>" + number + "</html>"))
}

// sendRefusal repeats the number in its message, as careless sources do.
func sendRefusal(w http.ResponseWriter, _ *http.Request, _ Order, number string, _ []byte) {
	writeJSON(w, http.StatusOK, reply{Code: "E-301", Message: "无权查询" + number})
}

// cutOff promises the whole answer, sends half of it and drops the connection.
func cutOff(w http.ResponseWriter, _ *http.Request, _ Order, _ string, body []byte) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n")
	_, _ = buffered.Write(body[:len(body)/2])
	_ = buffered.Flush()
}

// orders wait by interface, first come first served.
type orders struct {
	mu      sync.Mutex
	waiting map[string][]Order
}

// take uses up one count of the interface's first order.
func (o *orders) take(sid string) Order {
	o.mu.Lock()
	defer o.mu.Unlock()
	queue := o.waiting[sid]
	if len(queue) == 0 {
		return Order{}
	}
	order := queue[0]
	queue[0].Count--
	if queue[0].Count <= 0 {
		o.waiting[sid] = queue[1:]
	}
	return order
}

func (o *orders) add(order Order) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == nil {
		o.waiting = map[string][]Order{}
	}
	o.waiting[order.SID] = append(o.waiting[order.SID], order)
}

func (p *Platform) orderFault(w http.ResponseWriter, r *http.Request) {
	var order Order
	if err := readJSON(w, r, &order); err != nil {
		http.Error(w, "want {\"sid\",\"kind\",\"count\",\"delay_ms\"}", http.StatusBadRequest)
		return
	}
	if _, known := interfaces[order.SID]; !known {
		http.Error(w, "no such sid", http.StatusBadRequest)
		return
	}
	if _, known := faults[order.Kind]; !known {
		kinds := slices.Sorted(maps.Keys(faults))
		http.Error(w, "kind is one of "+strings.Join(kinds, ", "), http.StatusBadRequest)
		return
	}
	order.Count = max(order.Count, 1)
	p.orders.add(order)
	w.WriteHeader(http.StatusNoContent)
}

func (p *Platform) cancelFaults(w http.ResponseWriter, _ *http.Request) {
	p.orders.mu.Lock()
	defer p.orders.mu.Unlock()
	p.orders.waiting = nil
	w.WriteHeader(http.StatusNoContent)
}
