package policies

import (
	"cmp"
	"strings"
)

// Decide answers a request. It reads top to bottom: the first rule that is broken
// decides, and the policies have the last word.
func (s *Set) Decide(in Input) Decision {
	at := s.desks.Get().(*desk) // made by newDesk
	at.in = in
	d := s.decide(at)
	*at = desk{}
	s.desks.Put(at)
	return d
}

// desk holds what one decision is worked out on. Desks are used again: memory that is
// touched for the first time costs more than the whole decision.
type desk struct {
	in    Input
	world world
	found [16]*rule
}

func newDesk() any { return &desk{} }

func (s *Set) decide(at *desk) Decision {
	for _, settle := range settled {
		if refused := settle(&at.in); refused != nil {
			return s.refuse(&at.in, refused)
		}
	}
	return s.consult(at)
}

// settled are the rules that are the same everywhere, in their order. Each returns
// why not, or nil.
var settled = []func(*Input) *refusal{
	itemShares,  // 共享类型
	grantAllows, // 授权
	basisAllows, // 使用依据
	fieldsFit,   // asked ⊆ basis ⊆ grant ⊆ catalogue, asked ⊆ template
	sensitiveFits,
}

// refusal is why a request is not allowed.
type refusal struct {
	code   string
	policy string // the policy that says so; "": the rule of that code
	excess []string
	zh, en string
	remedy Remedy
}

// condition is a rule that needs no more than true or false, with its words.
type condition struct {
	code   string
	broken func(*Input) bool
	zh, en string
	remedy Remedy
	offers func(*Input) []string // what would do instead, where that can be listed
}

// firstBroken returns the first condition that does not hold.
func firstBroken(in *Input, conditions []condition) *refusal {
	for i := range conditions {
		if c := &conditions[i]; c.broken(in) {
			return &refusal{code: c.code, zh: c.zh, en: c.en, remedy: c.remedyFor(in)}
		}
	}
	return nil
}

func (c *condition) remedyFor(in *Input) Remedy {
	if c.offers == nil {
		return c.remedy
	}
	offered := c.offers(in)
	return Remedy{
		Zh:    c.remedy.Zh + "现可用:" + strings.Join(offered, "、") + "。",
		En:    c.remedy.En + " Allowed now: " + strings.Join(offered, ", ") + ".",
		Steps: c.remedy.Steps,
	}
}

func (s *Set) refuse(in *Input, r *refusal) Decision {
	d := s.blank(in)
	d.Code, d.Excess, d.Remedy = r.code, r.excess, r.remedy
	d.Reasons = []Reason{{Policy: cmp.Or(r.policy, r.code), Zh: r.zh, En: r.en}}
	return d
}

// blank is a refusal that names what was looked at.
func (s *Set) blank(in *Input) Decision {
	d := Decision{PolicySet: s.digest}
	if in.Grant != nil {
		d.Grant = in.Grant.ID
	}
	if in.Basis != nil {
		d.Basis = in.Basis.ID
	}
	return d
}
