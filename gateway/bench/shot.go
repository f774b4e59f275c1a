package bench

import "sync/atomic"

// shot is one request as it goes over the wire, and the status that has to come back.
type shot struct {
	request []byte
	status  int
}

// magazine hands out shots to many connections at once.
type magazine struct {
	shots  []shot
	cycles bool // begin again at the end: for requests that may be sent twice
	next   atomic.Int64
}

// take returns the next shot and its number. It reports false when all are spent.
func (m *magazine) take() (*shot, int, bool) {
	number := int(m.next.Add(1) - 1)
	if number < len(m.shots) {
		return &m.shots[number], number, true
	}
	if !m.cycles || len(m.shots) == 0 {
		return nil, 0, false
	}
	return &m.shots[number%len(m.shots)], number, true
}
