package policies

import (
	"fmt"
	"slices"

	"github.com/cedar-policy/cedar-go"

	"kapok/gateway"
)

// consult asks the policies. Cedar would skip a forbid that fails to evaluate, so
// any error refuses here, before the answer is looked at.
func (s *Set) consult(at *desk) Decision {
	in, w := &at.in, &at.world
	*w = worldOf(in)
	found := s.rules.find(in, at.found[:0])
	_, grounds := cedar.Authorize(found, w, w.request(found, s.contexts))
	if len(grounds.Errors) > 0 {
		return s.refuse(in, unsound(grounds.Errors))
	}
	rules := found.matched(grounds.Reasons)
	if forbids := only(rules, cedar.Forbid); len(forbids) > 0 {
		return s.forbidden(in, forbids)
	}
	return s.permitted(in, rules)
}

// only picks the rules of one effect. Where Cedar found a forbid it does not tell the
// permits, which decide nothing then.
func only(rules []*rule, effect cedar.Effect) []*rule {
	var picked []*rule
	for _, r := range rules {
		if r.effect == effect {
			picked = append(picked, r)
		}
	}
	return picked
}

func unsound(errors []cedar.DiagnosticError) *refusal {
	id := errors[0].PolicyID
	return &refusal{
		code:   PolicyError,
		zh:     fmt.Sprintf("规则 %s 无法求值,按不允许处理。", id),
		en:     fmt.Sprintf("The policy %s could not be evaluated, so the answer is no.", id),
		remedy: Remedy{Zh: "请数据管理部门修正该规则。", En: "Have the bureau mend the policy."}.by(ProposePolicy),
	}
}

func (s *Set) forbidden(in *Input, rules []*rule) Decision {
	d := s.blank(in)
	d.Code, d.Remedy = PolicyForbids, rules[0].remedy
	for _, r := range rules {
		d.Reasons = append(d.Reasons, r.reason)
	}
	return d
}

// permitted tells permits that allow from those that only add duties.
func (s *Set) permitted(in *Input, rules []*rule) Decision {
	d := s.blank(in)
	d.Reasons = make([]Reason, 0, len(rules))
	for _, r := range rules {
		if len(r.duties) == 0 {
			d.Allowed = true
			d.Reasons = append(d.Reasons, r.reason)
		}
	}
	if !d.Allowed {
		return s.refuse(in, silent(in))
	}
	for _, r := range rules {
		if withheld := r.withholds(in); len(withheld) > 0 {
			return s.refuse(in, noValues(r, withheld))
		}
		d.oblige(in, r)
	}
	return d
}

// oblige adds the duties of a policy that bear on this request, and its reason
// where one does.
func (d *Decision) oblige(in *Input, r *rule) {
	bears := false
	for _, duty := range r.duties {
		if !duty.bears(in) {
			continue
		}
		bears = true
		if !slices.Contains(d.Obligations, duty.text) {
			d.Obligations = append(d.Obligations, duty.text)
		}
	}
	if bears {
		d.Reasons = append(d.Reasons, r.reason)
	}
}

// withholds lists the fields whose values may not leave, where the operation would let
// them leave.
func (r *rule) withholds(in *Input) []string {
	if in.Ask.Operation != gateway.View && in.Ask.Operation != gateway.Copy {
		return nil
	}
	var fields []string
	for _, duty := range r.duties {
		if duty.kind != valueless || !duty.bears(in) {
			continue
		}
		if duty.field == "" {
			return in.Ask.Fields
		}
		fields = append(fields, duty.field)
	}
	return fields
}

func noValues(r *rule, fields []string) *refusal {
	return &refusal{
		code: PredicateOnly, policy: string(r.id), excess: fields, zh: r.reason.Zh, en: r.reason.En,
		remedy: Remedy{
			Zh:    "改用 VERIFY 或 PREDICATE,或去掉这些信息项。",
			En:    "Use VERIFY or PREDICATE, or drop the fields.",
			Steps: []Step{{DropFields, fields}, {Do: ChangeRequest}},
		},
	}
}

func silent(in *Input) *refusal {
	return &refusal{
		code: PolicySilent,
		zh:   fmt.Sprintf("没有规则允许这样使用(%s)。", in.Ask.Operation),
		en:   fmt.Sprintf("No policy allows this use (%s).", in.Ask.Operation),
		remedy: Remedy{
			Zh: "改用要求较低的方式(VERIFY、VIEW),或请本部门提出允许这种使用的规则。",
			En: "Use a lesser operation (VERIFY, VIEW), or have your department propose a policy that allows this one.",

			Steps: []Step{{Do: ChangeRequest}, {Do: ProposePolicy}},
		},
	}
}
