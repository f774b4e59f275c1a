package pki

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"kapok/crypto/sm"
)

const (
	maxDepth  = 6  // certificates in a chain, root included
	maxChecks = 24 // signatures checked for one chain, however many intermediates are sent along
)

// VerifyChain reports whether a chain leads from leaf to one of roots, with every
// certificate in force at the given time. With lists, each certificate below the
// root must be cleared by a list of its issuer that is in force then; without,
// revocation is not looked at. It does not check what leaf may be used for: see
// [Certificate.RequireUsage] and [VerifyOperational].
func VerifyChain(v *sm.Verifier, caller string, leaf *Certificate, intermediates, roots []*Certificate, at time.Time, lists ...*CRL) error {
	_, err := BuildChain(v, caller, leaf, intermediates, roots, at, lists...)
	return err
}

// BuildChain is [VerifyChain] and returns the chain it found, leaf first.
func BuildChain(v *sm.Verifier, caller string, leaf *Certificate, intermediates, roots []*Certificate, at time.Time, lists ...*CRL) ([]*Certificate, error) {
	s := &search{verifier: v, caller: caller, intermediates: intermediates, roots: roots, at: at, lists: lists, checksLeft: maxChecks}
	if err := s.sound(leaf); err != nil {
		return nil, err
	}
	if chain := s.extend([]*Certificate{leaf}); chain != nil {
		return chain, nil
	}
	return nil, s.failure()
}

// VerifyOperational checks a chain as it comes with a receipt, leaf first: it
// leads to one of roots at the given time and the leaf is for Kapok's own
// operational key, which is returned.
func VerifyOperational(v *sm.Verifier, caller string, chain [][]byte, roots []*Certificate, at time.Time, lists ...*CRL) (*sm.PublicKey, error) {
	if len(chain) == 0 || len(chain) > maxDepth {
		return nil, malformed("the number of certificates in the chain")
	}
	parsed := make([]*Certificate, len(chain))
	for i, der := range chain {
		certificate, err := Parse(der)
		if err != nil {
			return nil, err
		}
		parsed[i] = certificate
	}
	leaf := parsed[0]
	if err := leaf.RequireUsage(Operational); err != nil {
		return nil, err
	}
	if leaf.NotAfter.Sub(leaf.NotBefore) > MaxOperational {
		return nil, fmt.Errorf("%w: it lives longer than an operational certificate may", ErrUsage)
	}
	if err := VerifyChain(v, caller, leaf, parsed[1:], roots, at, lists...); err != nil {
		return nil, err
	}
	return leaf.PublicKey()
}

type search struct {
	verifier             *sm.Verifier
	caller               string
	intermediates, roots []*Certificate
	at                   time.Time
	lists                []*CRL
	checksLeft           int
	reasons              []error
}

// extend tries every issuer for the last certificate of path, depth first.
func (s *search) extend(path []*Certificate) []*Certificate {
	last := path[len(path)-1]
	if contains(s.roots, last) {
		return path
	}
	if len(path) == maxDepth {
		s.note(fmt.Errorf("%w: the chain is too long", ErrUntrusted))
		return nil
	}
	for _, issuer := range s.candidates(last) {
		if contains(path, issuer) {
			continue
		}
		if err := s.step(path, issuer); err != nil {
			s.note(err)
			continue
		}
		if chain := s.extend(append(slices.Clip(path), issuer)); chain != nil {
			return chain
		}
	}
	return nil
}

// candidates puts roots first: the shortest chain is tried first.
func (s *search) candidates(certificate *Certificate) []*Certificate {
	var found []*Certificate
	for _, candidate := range slices.Concat(s.roots, s.intermediates) {
		if bytes.Equal(candidate.RawSubject, certificate.RawIssuer) && keyIDsAgree(certificate.IssuerKeyID, candidate.SubjectKeyID) {
			found = append(found, candidate)
		}
	}
	return found
}

// step checks all that makes issuer the issuer of path's last certificate; the
// signature comes last, as it costs most.
func (s *search) step(path []*Certificate, issuer *Certificate) error {
	last := path[len(path)-1]
	if err := s.sound(issuer); err != nil {
		return err
	}
	if err := issuer.requireAuthority(CertSign); err != nil {
		return err
	}
	if below := len(path) - 1; issuer.MaxPath >= 0 && below > issuer.MaxPath {
		return fmt.Errorf("%w: its path length is exceeded", ErrUsage)
	}
	if err := s.checkSignature(last, issuer); err != nil {
		return err
	}
	return s.checkRevocation(last, issuer)
}

func (s *search) sound(certificate *Certificate) error {
	if err := certificate.readable(); err != nil {
		return err
	}
	if !certificate.ValidAt(s.at) {
		return ErrExpired
	}
	return nil
}

func (s *search) checkSignature(certificate, issuer *Certificate) error {
	if s.checksLeft == 0 {
		return fmt.Errorf("%w: too many signatures would have to be checked", ErrUntrusted)
	}
	s.checksLeft--
	by, err := issuer.PublicKey()
	if err != nil {
		return err
	}
	return certificate.signed().verify(s.verifier, s.caller, by)
}

func (c *Certificate) signed() signedObject {
	return signedObject{tbs: c.RawTBS, algorithm: c.signatureOID, signature: c.signature}
}

func (s *search) checkRevocation(certificate, issuer *Certificate) error {
	if len(s.lists) == 0 {
		return nil
	}
	cleared := false
	for _, list := range s.lists {
		err := s.usable(list, issuer)
		if errors.Is(err, sm.ErrUndecided) {
			return err
		}
		if err != nil {
			continue
		}
		if found, listed := list.Revocation(certificate.Serial); listed && !s.at.Before(found.At) {
			return ErrRevoked
		}
		cleared = cleared || !s.at.After(list.NextUpdate)
	}
	if !cleared {
		return ErrRevocationUnknown
	}
	return nil
}

// usable reports whether list speaks for issuer. An old list still proves what it
// revokes; only to clear a certificate must it be in force.
func (s *search) usable(list *CRL, issuer *Certificate) error {
	if !bytes.Equal(list.RawIssuer, issuer.RawSubject) || !keyIDsAgree(list.issuerKeyID, issuer.SubjectKeyID) {
		return ErrRevocationUnknown
	}
	if list.blocking != "" {
		return fmt.Errorf("%w: %s", ErrUnreadable, list.blocking)
	}
	if err := issuer.requireAuthority(CRLSign); err != nil {
		return err
	}
	by, err := issuer.PublicKey()
	if err != nil {
		return err
	}
	return list.signed.verify(s.verifier, s.caller, by)
}

func (s *search) note(err error) { s.reasons = append(s.reasons, err) }

// failure prefers "could not be decided" to any other reason, and a reason to
// none.
func (s *search) failure() error {
	for _, reason := range s.reasons {
		if errors.Is(reason, sm.ErrUndecided) {
			return reason
		}
	}
	if len(s.reasons) > 0 {
		return s.reasons[0]
	}
	return ErrUntrusted
}

func contains(certificates []*Certificate, wanted *Certificate) bool {
	return slices.ContainsFunc(certificates, func(c *Certificate) bool { return bytes.Equal(c.Raw, wanted.Raw) })
}

// keyIDsAgree: an absent identifier excludes nobody.
func keyIDsAgree(a, b []byte) bool {
	return len(a) == 0 || len(b) == 0 || bytes.Equal(a, b)
}

// CheckRevocation tells whether every certificate of a chain that [BuildChain] found,
// but its root, is cleared at the given time by a list of its issuer: nil,
// [ErrRevoked], [ErrRevocationUnknown], or why a list could not be judged.
func CheckRevocation(v *sm.Verifier, caller string, chain []*Certificate, at time.Time, lists ...*CRL) error {
	if len(lists) == 0 {
		return ErrRevocationUnknown
	}
	s := &search{verifier: v, caller: caller, at: at, lists: lists}
	var unknown error
	for i := 1; i < len(chain); i++ {
		err := s.checkRevocation(chain[i-1], chain[i])
		if errors.Is(err, ErrRevoked) {
			return err
		}
		if err != nil && unknown == nil {
			unknown = err
		}
	}
	return unknown
}
