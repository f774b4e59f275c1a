// Package timestamp asks a time-stamp authority about checkpoints: that the whole log
// up to there existed on that day is then another's word, with another's key, which
// outlives Kapok's own short-lived ones.
//
// Any authority that speaks RFC 3161 over HTTP serves; another way of asking is one
// function. It must not know where checkpoints are kept.
package timestamp
