package faults

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Order is a fault that a tester wants from an interface, for its next calls.
type Order struct {
	SID     string `json:"sid"`
	Kind    string `json:"kind"`
	Count   int    `json:"count"`
	DelayMS int    `json:"delay_ms"`
}

// Board is where orders wait, by interface, first come first served.
type Board struct {
	mu      sync.Mutex
	known   map[string]bool
	waiting map[string][]Order
}

// NewBoard makes a board on which nothing waits.
func NewBoard() *Board { return &Board{known: map[string]bool{}, waiting: map[string][]Order{}} }

// Announce tells which interfaces there are; call it before the board serves.
func (b *Board) Announce(names ...string) {
	for _, name := range names {
		b.known[name] = true
	}
}

// Take uses up one count of the interface's first order.
func (b *Board) Take(name string) Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	queue := b.waiting[name]
	if len(queue) == 0 {
		return Order{}
	}
	order := queue[0]
	queue[0].Count--
	if queue[0].Count <= 0 {
		b.waiting[name] = queue[1:]
	}
	return order
}

// Routes adds the tester's addresses to a mux.
func (b *Board) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /_sandbox/faults", b.order)
	mux.HandleFunc("DELETE /_sandbox/faults", b.cancel)
}

const orderLimit = 4096 // bytes

func (b *Board) order(w http.ResponseWriter, r *http.Request) {
	var order Order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, orderLimit)).Decode(&order); err != nil {
		http.Error(w, "want {\"sid\",\"kind\",\"count\",\"delay_ms\"}", http.StatusBadRequest)
		return
	}
	if !b.known[order.SID] {
		http.Error(w, "no such sid", http.StatusBadRequest)
		return
	}
	if _, known := kinds[order.Kind]; !known {
		http.Error(w, "kind is one of "+strings.Join(slices.Sorted(maps.Keys(kinds)), ", "), http.StatusBadRequest)
		return
	}
	order.Count = max(order.Count, 1)
	b.mu.Lock()
	b.waiting[order.SID] = append(b.waiting[order.SID], order)
	b.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (b *Board) cancel(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.waiting)
	w.WriteHeader(http.StatusNoContent)
}
