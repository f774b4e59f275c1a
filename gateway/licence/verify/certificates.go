package verify

import (
	"errors"
	"strings"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/crypto/tsp"
)

// checkCertificates judges the signer's certificate and, for a seal, the maker's.
func (s *examined) checkCertificates(at time.Time, signer, maker *acquaintance) {
	who := []party{{signer, s.Signer, Words{"签章人", "the signer"}}}
	if maker != nil {
		who = append(who, party{maker, s.Maker, Words{"制章人", "the seal's maker"}})
	}
	s.Steps = append(s.Steps,
		weightiest(StepCertificates, who, func(p party) Step { return lifeOf(p, at) }),
		weightiest(StepKeyUsage, who, usageOf),
		weightiest(StepChain, who, func(p party) Step { return s.chainOf(p, at) }),
		weightiest(StepRevocation, who, func(p party) Step { return s.revocationOf(p, at) }))
}

// party is whose certificate is judged.
type party struct {
	*acquaintance
	shown *Certificate
	name  Words
}

// doubt orders the answers about several parties: what was not checked of one is not
// made good by what passed of another.
var doubt = map[Status]int{Pass: 0, NotChecked: 1, Flagged: 2, Undecided: 3, Fail: 4}

// weightiest judges each party; the step is the most doubtful answer, with the words of
// all who gave it.
func weightiest(name string, who []party, judge func(party) Step) Step {
	var found Step
	for i, p := range who {
		step := Step{Status: NotChecked, Why: Words{"证书不能读取", "its certificate cannot be read"}}
		if p.certificate != nil {
			step = judge(p)
		}
		step.Name = name
		step.Why = Words{p.name.Zh + "：" + step.Why.Zh, p.name.En + ": " + step.Why.En}
		switch {
		case i == 0 || doubt[step.Status] > doubt[found.Status]:
			found = step
		case step.Status == found.Status:
			found.Why = Words{found.Why.Zh + "；" + step.Why.Zh, found.Why.En + "; " + step.Why.En}
		}
	}
	return found
}

func lifeOf(p party, at time.Time) Step {
	from, to := day(p.certificate.NotBefore), day(p.certificate.NotAfter)
	if at.IsZero() {
		return Step{Status: Flagged, Why: Words{"签章时间不能读取", "the time of sealing cannot be read"}}
	}
	if p.certificate.ValidAt(at) {
		return Step{Status: Pass, Why: words("签章时证书有效（%s 至 %s）", "the certificate was in force then (%s to %s)", from, to)}
	}
	if at.After(p.certificate.NotAfter) {
		return Step{Status: Flagged, Why: words("签章时证书已过期（%s 至 %s）", "the certificate had expired when it was used (%s to %s)", from, to)}
	}
	return Step{Status: Flagged, Why: words("签章时证书尚未生效（%s 至 %s）", "the certificate was not in force yet (%s to %s)", from, to)}
}

func usageOf(p party) Step {
	usage := p.certificate.KeyUsage
	switch {
	case usage == 0:
		return Step{Status: Pass, Why: Words{"证书未限定密钥用法", "the certificate does not limit its key's usage"}}
	case usage&(pki.DigitalSignature|pki.ContentCommitment) == 0:
		return Step{Status: Flagged, Why: Words{"证书的密钥用法不含签名", "the certificate's key usage is not for signing"}}
	case p.certificate.IsCA:
		return Step{Status: Flagged, Why: Words{"证书是 CA 证书", "the certificate is an authority's"}}
	}
	return Step{Status: Pass, Why: Words{"密钥用法含签名", "the key usage is for signing"}}
}

// clamp moves a time into the certificate's life, so that expiry, which is a step of
// its own, does not hide who issued it.
func clamp(c *pki.Certificate, at time.Time) time.Time {
	if at.IsZero() || at.Before(c.NotBefore) {
		return c.NotBefore
	}
	if at.After(c.NotAfter) {
		return c.NotAfter
	}
	return at
}

func (s *examined) chainOf(p party, at time.Time) Step {
	if len(s.verifier.trust.Roots) == 0 {
		return Step{Status: Flagged, Why: Words{"未配置可信根", "no trusted root was given"}}
	}
	chain, err := s.verifier.chain(s.caller, p.acquaintance, clamp(p.certificate, at))
	switch {
	case err == nil:
		p.shown.Root = name(chain[len(chain)-1].Subject)
		return Step{Status: Pass, Why: words("证书链到可信根（%d 级）", "it leads to a trusted root in %d certificates", len(chain))}
	case errors.Is(err, sm.ErrUndecided):
		return Step{Status: Undecided, Why: Words{"证书链的签名未能判定", "a signature of its chain could not be decided"}}
	}
	return Step{Status: Flagged, Why: words("没有到可信根的证书链（%s）", "no chain leads to a trusted root: %s", strings.TrimPrefix(err.Error(), "pki: "))}
}

// revocationOf asks twice: as of the signature, and as of now. Who was revoked later
// may have set the clock back.
func (s *examined) revocationOf(p party, at time.Time) Step {
	lists := s.verifier.trust.Lists
	if len(lists) == 0 {
		return Step{Status: NotChecked, Why: Words{"未提供吊销列表", "no revocation list was given"}}
	}
	chain, err := s.verifier.chain(s.caller, p.acquaintance, clamp(p.certificate, at))
	if err != nil {
		return Step{Status: NotChecked, Why: Words{"没有可信的证书链", "there is no trusted chain"}}
	}
	then := pki.CheckRevocation(s.verifier.signatures, s.caller, chain, clamp(p.certificate, at), lists...)
	if errors.Is(then, pki.ErrRevoked) {
		return Step{Status: Fail, Why: Words{"签章时证书已被吊销", "the certificate had been revoked when it was used"}}
	}
	now := pki.CheckRevocation(s.verifier.signatures, s.caller, chain, s.report.VerifiedAt, lists...)
	switch {
	case errors.Is(now, pki.ErrRevoked):
		return Step{Status: Flagged, Why: Words{"证书其后被吊销，签章时间只有签章人自述", "the certificate was revoked later; only the signer vouches for the time"}}
	case errors.Is(then, sm.ErrUndecided) || errors.Is(now, sm.ErrUndecided):
		return Step{Status: Undecided, Why: Words{"吊销列表的签名未能判定", "a revocation list's signature could not be decided"}}
	case now != nil:
		return Step{Status: NotChecked, Why: Words{"所给列表中没有其签发者当前有效的列表", "no list in force of its authority was given"}}
	}
	return Step{Status: Pass, Why: Words{"未被吊销", "it has not been revoked"}}
}

// checkTimeStamp asks the tokens for the time of the signature and, in version 5, of the
// seal. A token of an unknown profile proves nothing and takes nothing away.
func (s *examined) checkTimeStamp(signature *eseal.Signature) {
	if signature.TimeStamp == nil && signature.Seal.TimeStamp == nil {
		s.add(StepTimeStamp, NotChecked, Words{"没有时间戳", "there is no time-stamp"})
		return
	}
	if len(s.verifier.trust.Roots) == 0 {
		s.add(StepTimeStamp, NotChecked, Words{"未配置可信根", "no trusted root was given"})
		return
	}
	told := Words{}
	for _, stamp := range []struct {
		token, value []byte
		of           Words
		into         **time.Time
	}{
		{signature.TimeStamp, signature.Signer.Value, Words{"签章", "the signature"}, &s.Stamped},
		{signature.Seal.TimeStamp, signature.Seal.Maker.Value, Words{"印章", "the seal"}, new(*time.Time)},
	} {
		if stamp.token == nil {
			continue
		}
		at, err := s.stamped(stamp.token, stamp.value)
		if err != nil {
			s.add(StepTimeStamp, Flagged, Words{stamp.of.Zh + "的时间戳不能作为证明（" + err.Error() + "）", "the time-stamp of " + stamp.of.En + " proves nothing: " + err.Error()})
			return
		}
		*stamp.into = &at
		told.Zh += stamp.of.Zh + " " + at.Format(time.RFC3339) + " "
		told.En += stamp.of.En + " " + at.Format(time.RFC3339) + " "
	}
	s.add(StepTimeStamp, Pass, Words{"时间戳：" + strings.TrimSpace(told.Zh), "stamped: " + strings.TrimSpace(told.En)})
}

// stamped is the time that a token vouches for, about a signature value.
func (s *examined) stamped(token, value []byte) (time.Time, error) {
	read, err := tsp.ParseToken(token)
	if err != nil {
		return time.Time{}, err
	}
	trust := s.verifier.trust
	return read.Time, read.Verify(s.verifier.signatures, s.caller, tsp.BySM3(value), trust.Intermediates, trust.Roots)
}
