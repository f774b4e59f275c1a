package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
)

// consult asks the policies. Cedar would skip a forbid that fails to evaluate, so
// any error refuses here, before the answer is looked at.
func (s *Set) consult(in *Input) Decision {
	w := worldOf(in)
	found := s.rules.find(w, make(candidates, 0, 16))
	answer, grounds := cedar.Authorize(found, w, w.request(found))
	if len(grounds.Errors) > 0 {
		return s.refuse(in, unsound(grounds.Errors))
	}
	rules := make([]*rule, 0, len(grounds.Reasons))
	for _, ground := range grounds.Reasons {
		rules = append(rules, found.rule(ground.PolicyID))
	}
	inOrder(rules)
	if answer == cedar.Deny && len(rules) > 0 {
		return s.forbidden(in, rules)
	}
	return s.permitted(in, rules)
}

func unsound(errors []cedar.DiagnosticError) *refusal {
	id := errors[0].PolicyID
	return &refusal{
		code:   PolicyError,
		zh:     fmt.Sprintf("规则 %s 无法求值,按不允许处理。", id),
		en:     fmt.Sprintf("The policy %s could not be evaluated, so the answer is no.", id),
		remedy: Remedy{Zh: "请数据管理部门修正该规则。", En: "Have the bureau mend the policy."},
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
		if len(r.obligations) == 0 {
			d.Allowed = true
			d.Reasons = append(d.Reasons, r.reason)
		}
	}
	if !d.Allowed {
		return s.refuse(in, silent(in))
	}
	for _, r := range rules {
		d.oblige(in, r)
	}
	return d
}

// oblige adds the duties of a policy that bear on this request, and its reason
// where one does.
func (d *Decision) oblige(in *Input, r *rule) {
	bears := false
	for _, duty := range r.obligations {
		if field, masks := strings.CutPrefix(duty, "mask:"); masks && !slices.Contains(in.Ask.Fields, field) {
			continue
		}
		bears = true
		if !slices.Contains(d.Obligations, duty) {
			d.Obligations = append(d.Obligations, duty)
		}
	}
	if bears {
		d.Reasons = append(d.Reasons, r.reason)
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
		},
	}
}
