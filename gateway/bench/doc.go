// Package bench measures Kapok over real sockets: how many exchanges a second the
// whole path makes with PostgreSQL durable, beside two things that show what the
// machine can do at all.
//
//	a  a bare Gin reverse proxy to the source
//	b  the same proxy, verifying two SM2 signatures (an access token and an
//	   RFC 9421 request signature) and making one (of the response)
//	c  Kapok: `kapok serve`
//
// All three are processes of their own, one at a time, in turns; the source and
// the load generator are the same for all. The figure is c/b: what deciding,
// recording and minimising cost beyond the cryptography that nobody can do without.
//
// Nothing is arranged in favour of c. The proxies get the platform's signed headers
// from the generator, made once for a round, so that they neither sign nor parse
// what they pass on; their tokens carry no certificate; Kapok signs each question
// anew, checks what comes back, and writes it down twice. Every request of b and c
// has its own nonce and signature, and nothing that is verified is kept by request.
//
// The generator signs its requests before the clock runs, keeps its connections
// open, and waits on each for the answer (a closed loop). It runs on the same
// machine as what it measures, so its own share of the processors is printed too.
// It sends to loopback addresses only and stops by itself.
//
// It must not know how any part of Kapok works: it is a caller, and reads names of
// functions out of a CPU profile.
package bench
