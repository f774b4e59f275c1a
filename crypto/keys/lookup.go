package keys

import (
	"kapok/crypto/sm"
	"kapok/gateway"
)

// Lookup turns identity numbers into tokens that nobody can turn back or make
// without the key: HMAC-SM3. One table maps tokens to the random references by
// which persons are known everywhere else.
type Lookup struct{ held *held }

// Token stands for an identity under one version of the key.
type Token struct {
	Version int
	MAC     [sm.Size]byte
}

const lookupDomain = "kapok/lookup/v1\x00"

// Current returns the token under the version in force; rows are written with it.
func (l *Lookup) Current(id gateway.Identity) Token {
	version, key := l.held.snapshot().lookup.newest()
	return token(version, key, id)
}

// All returns the tokens under every version held, newest first: while a rotation
// rewrites the table, a person may still stand there under an older one.
func (l *Lookup) All(id gateway.Identity) []Token {
	held := l.held.snapshot().lookup
	tokens := make([]Token, 0, len(held.secrets))
	for _, version := range held.descending() {
		tokens = append(tokens, token(version, held.secrets[version], id))
	}
	return tokens
}

// Words returns the tokens of a text in a space of its own, under every version held,
// newest first: a licence's number, the code of a presentation.
func (l *Lookup) Words(space, text string) []Token {
	held := l.held.snapshot().lookup
	tokens := make([]Token, 0, len(held.secrets))
	for _, version := range held.descending() {
		mac := sm.HMAC(held.secrets[version], []byte(wordDomain), []byte(space), []byte{0}, []byte(text))
		tokens = append(tokens, Token{version, mac})
	}
	return tokens
}

const wordDomain = "kapok/lookup-word/v1\x00"

func token(version int, key []byte, id gateway.Identity) Token {
	return Token{version, sm.HMAC(key, []byte(lookupDomain), []byte(id.Type), []byte{0}, []byte(id.Number()))}
}
