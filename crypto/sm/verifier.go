package sm

// VerifierOptions says how a [Verifier] treats what the fast library refuses.
// Zero values are replaced by the defaults.
type VerifierOptions struct {
	SecondOpinionsPerSecond float64 // per caller; default 5
	Burst                   int     // per caller, at once; default 20
	TotalPerSecond          float64 // of all callers together; default 50, about 5 % of one core
	TotalBurst              int     // of all callers, at once; default 100

	// OnDisagreement is called when the libraries disagree or the second one
	// fails: raise an alarm, one of the libraries is wrong. OnLimited is called
	// when a second opinion was due and the budget was spent. Both are called
	// on the verifying goroutine, at the same time by several, and must be quick.
	OnDisagreement func(caller string)
	OnLimited      func(caller string)

	// Both asks both libraries about every signature, also those that the fast
	// one accepts, without limit: for offline tools, where time is not bought by
	// strangers.
	Both bool
}

// Verifier tells whether signatures are valid; see the package for how. It is
// safe for concurrent use.
type Verifier struct {
	both         bool
	limit        *limit
	disagreement func(caller string)
	limited      func(caller string)
}

// NewVerifier makes a verifier with its own budgets.
func NewVerifier(o VerifierOptions) *Verifier {
	return &Verifier{
		both: o.Both,
		limit: newLimit(
			newPace(positive(o.SecondOpinionsPerSecond, 5), positive(o.Burst, 20)),
			newPace(positive(o.TotalPerSecond, 50), positive(o.TotalBurst, 100))),
		disagreement: o.OnDisagreement,
		limited:      o.OnLimited,
	}
}

func positive[N int | float64](value, otherwise N) N {
	if value > 0 {
		return value
	}
	return otherwise
}

// Verify tells whether sig is pub's signature of msg under [DefaultID]: nil,
// [ErrInvalid] or [ErrUndecided]. caller names whose budget pays for a second
// opinion.
func (v *Verifier) Verify(caller string, pub *PublicKey, msg, sig []byte, enc Encoding) error {
	return v.VerifyWithID(caller, pub, []byte(DefaultID), msg, sig, enc)
}

// VerifyWithID is [Verifier.Verify] under the signer's id. An id that is not 1
// to 8191 bytes is [ErrID].
func (v *Verifier) VerifyWithID(caller string, pub *PublicKey, id, msg, sig []byte, enc Encoding) error {
	if pub == nil || pub.fast == nil {
		return ErrKey
	}
	parsed, err := parseSignature(sig, enc)
	if err != nil {
		return err
	}
	digest, err := pub.Digest(id, msg)
	if err != nil {
		return err
	}
	return v.judge(caller, &question{pub: pub, sig: parsed, digest: digest, message: true, id: id, msg: msg})
}

// VerifyDigest tells the same of a signature over e itself, where the caller has
// the digest and not the message (GB/T 32918.2-2016 §7.1 from step B5).
func (v *Verifier) VerifyDigest(caller string, pub *PublicKey, digest [Size]byte, sig []byte, enc Encoding) error {
	if pub == nil || pub.fast == nil {
		return ErrKey
	}
	parsed, err := parseSignature(sig, enc)
	if err != nil {
		return err
	}
	return v.judge(caller, &question{pub: pub, sig: parsed, digest: digest})
}

func (v *Verifier) judge(caller string, q *question) error {
	first := firstOpinion(q)
	if first && !v.both {
		return nil
	}
	if !v.both && !v.limit.allow(caller) {
		tell(v.limited, caller)
		return ErrUndecided
	}
	second, answered := secondOpinion(q)
	if !answered || first != second {
		tell(v.disagreement, caller)
		return ErrUndecided
	}
	if !first {
		return ErrInvalid
	}
	return nil
}

func tell(hook func(caller string), caller string) {
	if hook != nil {
		hook(caller)
	}
}
