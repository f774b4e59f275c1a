package faults

import (
	"net/http"
	"time"
)

// Answer is one that would have been right, about a person's number.
type Answer struct {
	Number  string
	Body    []byte
	Refusal []byte // what the protocol says when it refuses; careless sources repeat the number in it
}

// kinds says what each kind does to an answer that would have been right.
// Those that change what is answered, or how it is signed, are the protocol's own to
// do; their answer is sent plainly.
var kinds = map[string]func(w http.ResponseWriter, r *http.Request, order Order, answer Answer){
	"slow":          sendSlowly,
	"500":           sendFailure,
	"garbage":       sendGarbage,
	"half":          sendHalf,
	"wrong-content": sendLoginPage,
	"refused":       sendRefusal,
	"down":          cutOff,
	WrongPerson:     sendPlainly,
	ExpiredKey:      sendPlainly,
	WrongSignature:  sendPlainly,
	BadValue:        sendPlainly,
	Stale:           sendPlainly,
}

// The kinds that a protocol does itself.
const (
	WrongPerson    = "wrong-person"
	ExpiredKey     = "expired-key"
	WrongSignature = "wrong-signature"
	BadValue       = "bad-value" // a value that the catalogue does not describe
	Stale          = "stale"     // data of years ago
)

// Deliver sends an answer as the order wants it.
func Deliver(w http.ResponseWriter, r *http.Request, order Order, answer Answer) {
	send, ordered := kinds[order.Kind]
	if !ordered {
		send = sendPlainly
	}
	send(w, r, order, answer)
}

func sendPlainly(w http.ResponseWriter, _ *http.Request, _ Order, answer Answer) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(answer.Body) // a reader who left is no error of ours
}

func sendSlowly(w http.ResponseWriter, r *http.Request, order Order, answer Answer) {
	select {
	case <-time.After(time.Duration(order.DelayMS) * time.Millisecond):
		sendPlainly(w, r, order, answer)
	case <-r.Context().Done():
	}
}

func sendFailure(w http.ResponseWriter, _ *http.Request, _ Order, answer Answer) {
	http.Error(w, "java.lang.NullPointerException: "+answer.Number, http.StatusInternalServerError)
}

func sendGarbage(w http.ResponseWriter, r *http.Request, order Order, answer Answer) {
	answer.Body = []byte("\xb2\xe2\xca\xd4{" + answer.Number + "]")
	sendPlainly(w, r, order, answer)
}

func sendHalf(w http.ResponseWriter, r *http.Request, order Order, answer Answer) {
	answer.Body = answer.Body[:len(answer.Body)/2]
	sendPlainly(w, r, order, answer)
}

// sendLoginPage is what a gateway in between answers when its session ended.
func sendLoginPage(w http.ResponseWriter, _ *http.Request, _ Order, answer Answer) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<html><title>请登录</title>" + answer.Number + "</html>"))
}

// sendRefusal repeats the number in its message, as careless sources do.
func sendRefusal(w http.ResponseWriter, r *http.Request, order Order, answer Answer) {
	answer.Body = answer.Refusal
	sendPlainly(w, r, order, answer)
}

// cutOff promises the whole answer, sends half of it and drops the connection.
func cutOff(w http.ResponseWriter, _ *http.Request, _ Order, answer Answer) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n")
	_, _ = buffered.Write(answer.Body[:len(answer.Body)/2])
	_ = buffered.Flush()
}
