// Package gateway holds the words that all of Kapok speaks: who is asked about
// ([Identity]), what may be done ([Operation]), and what went wrong ([Error]).
//
// It must not know any package of Kapok, nor any library: everybody imports it,
// it imports nobody. It decides nothing.
package gateway
