package policies

import (
	"fmt"
	"slices"
)

// basisAllows checks the access basis: there, in force, and for this very use.
func basisAllows(in *Input) *refusal {
	if in.Basis == nil {
		return &refusal{
			code:   BasisMissing,
			zh:     "没有找到所依据的同意或法定依据。",
			en:     "No consent or statutory basis was found for this request.",
			remedy: askForBasis,
		}
	}
	if ended := basisEnded(in); ended != nil {
		return ended
	}
	return firstBroken(in, basisConditions)
}

var askForBasis = Remedy{
	Zh: "请当事人同意,或由数据管理部门登记法定依据,并在请求中写明 basis_id。",
	En: "Ask the person for consent, or have the bureau register a statutory basis, and name it in basis_id.",
}

// endings says in words why a basis is not in force. A state that is neither here
// nor ACTIVE is named as it is.
var endings = map[string]struct{ zh, en string }{
	"WITHDRAWN":   {"当事人已撤回该使用依据。", "The person has withdrawn this basis."},
	"PAUSED":      {"当事人已暂停该使用依据。", "The person has paused this basis."},
	"EXPIRED":     {"该使用依据已到期。", "This basis has expired."},
	"EXHAUSTED":   {"该使用依据的次数已用完。", "This basis has no uses left."},
	"REVOKED":     {"主管机关已撤销该使用依据。", "The authority has revoked this basis."},
	"INVALIDATED": {"该使用依据已失效。", "This basis has become void."},
	"SUPERSEDED":  {"该使用依据已被新的取代。", "This basis was replaced by a newer one."},
	"SUSPENDED":   {"该法定依据已被中止。", "This statutory basis is suspended."},
	"CLOSED":      {"该法定依据已办结关闭。", "This statutory basis is closed."},
}

func basisEnded(in *Input) *refusal {
	state := in.Basis.State
	if state == "ACTIVE" && !in.Now.Before(in.Basis.Expires) {
		state = "EXPIRED"
	}
	if state == "ACTIVE" && !in.Now.Before(in.Basis.From) {
		return nil
	}
	r := &refusal{code: BasisEnded, remedy: askForBasis, zh: "该使用依据尚未生效。", en: "This basis is not in force yet."}
	if state == "ACTIVE" {
		return r
	}
	words, known := endings[state]
	if !known {
		r.zh, r.en = fmt.Sprintf("该使用依据的状态为 %s,不能使用。", state), fmt.Sprintf("This basis is in the state %s and cannot be used.", state)
		return r
	}
	r.zh, r.en = words.zh, words.en
	return r
}

// Kinds of basis that a rule here speaks of; the schema lists all.
const (
	statutory       = "STATUTORY"
	emergency       = "EMERGENCY"
	separateConsent = "SEPARATE_CONSENT"
)

var basisConditions = []condition{
	{
		code: BasisMismatch,
		broken: func(in *Input) bool {
			return in.Basis.Department != in.System.Department || in.Basis.System != in.System.ID
		},
		zh:     "该使用依据是给别的部门或系统的。",
		en:     "The basis was given to another department or system.",
		remedy: askForBasis,
	},
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return !concerns(in.Basis, in.Subject) },
		zh:     "该使用依据针对的是另一个人。",
		en:     "The basis is about another person.",
		remedy: askForBasis,
	},
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return in.Basis.Item != in.Item.Code },
		zh:     "该使用依据针对的是另一项数据。",
		en:     "The basis is for another item.",
		remedy: askForBasis,
	},
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return in.Basis.ItemVersion != in.Item.Version },
		zh:     "该使用依据针对的是该数据目录的另一个版本。",
		en:     "The basis is for another version of the item.",
		remedy: askForBasis,
	},
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return in.Basis.ServiceItem != in.Ask.ServiceItem },
		zh:     "该使用依据针对的是另一个事项。",
		en:     "The basis is for another service item.",
		remedy: askForBasis,
	},
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return in.Basis.CaseNo != "" && in.Basis.CaseNo != in.Ask.CaseNo },
		zh:     "该使用依据针对的是另一个办件。",
		en:     "The basis is for another case.",
		remedy: Remedy{Zh: "核对办件编号,或为本办件取得使用依据。", En: "Check the case number, or obtain a basis for this case."},
	},
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return in.Basis.Purpose != in.Ask.Purpose },
		zh:     "该使用依据针对的是另一种用途。",
		en:     "The basis is for another purpose.",
		remedy: askForBasis,
	},
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return !slices.Contains(in.Basis.Operations, in.Ask.Operation) },
		zh:     "该使用依据不包括这种使用方式。",
		en:     "The basis does not include this operation.",
		remedy: Remedy{Zh: "改用依据允许的方式,或取得包括这种方式的依据。", En: "Use an operation that the basis includes, or obtain a basis that includes this one."},
	},
	{
		code: BasisMismatch,
		broken: func(in *Input) bool {
			return (in.Basis.Kind == statutory || in.Basis.Kind == emergency) && in.Basis.LegalProvision == ""
		},
		zh:     "该法定依据没有写明条款。",
		en:     "The statutory basis names no article of law.",
		remedy: Remedy{Zh: "由数据管理部门补充条款后重新登记。", En: "Have the bureau register it again with the article."},
	},
}

// concerns reports whether a basis is about a person. Only a statutory one may be
// about anybody.
func concerns(b *Basis, subject string) bool {
	if b.Subject == "" {
		return b.Kind == statutory
	}
	return b.Subject == subject
}
