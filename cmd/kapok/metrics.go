package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"kapok/crypto/sm"
)

func newCounter(metrics *prometheus.Registry, name, help string, labels ...string) *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	metrics.MustRegister(counter)
	return counter
}

// newVerifier counts what nobody should ever see: the two SM2 libraries differing, and
// a caller whose junk used up its second opinions.
func newVerifier(metrics *prometheus.Registry) *sm.Verifier {
	disagreements := newCounter(metrics, "kapok_sm2_disagreements_total", "Signatures on which the two SM2 libraries differ. Alarm on any.")
	limited := newCounter(metrics, "kapok_sm2_second_opinions_refused_total", "Signatures left undecided because the budget of second opinions was used up.")
	return sm.NewVerifier(sm.VerifierOptions{
		OnDisagreement: func(string) { disagreements.WithLabelValues().Inc() },
		OnLimited:      func(string) { limited.WithLabelValues().Inc() },
	})
}

func resultOf(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}
