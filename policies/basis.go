package policies

import "slices"

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
}.by(ObtainBasis, RegisterStatutory)

// endings says in words why a basis is not in force, by its state.
var endings = map[string]refusal{
	"WITHDRAWN":   {zh: "当事人已撤回该使用依据。", en: "The person has withdrawn this basis.", remedy: askForBasis},
	"PAUSED":      {zh: "当事人已暂停该使用依据。", en: "The person has paused this basis.", remedy: askToResume},
	"EXPIRED":     {zh: "该使用依据已到期。", en: "This basis has expired.", remedy: askForBasis},
	"EXHAUSTED":   {zh: "该使用依据的次数已用完。", en: "This basis has no uses left.", remedy: askForBasis},
	"REVOKED":     {zh: "主管机关已撤销该使用依据。", en: "The authority has revoked this basis.", remedy: askForBasis},
	"INVALIDATED": {zh: "该使用依据已失效。", en: "This basis has become void.", remedy: askForBasis},
	"SUPERSEDED":  {zh: "该使用依据已被新的取代。", en: "This basis was replaced by a newer one.", remedy: useTheNewer},
	"SUSPENDED":   {zh: "该法定依据已被中止。", en: "This statutory basis is suspended.", remedy: askToResume},
	"CLOSED":      {zh: "该依据的事项已办结。", en: "The matter of this basis is done.", remedy: askForBasis},
	"REVIEWED":    {zh: "该应急依据已结束并复核。", en: "This emergency basis has ended and was reviewed.", remedy: askForBasis},
	"REQUESTED":   {zh: "当事人尚未答复。", en: "The person has not answered yet.", remedy: waitForAnswer},
	"DEFERRED":    {zh: "当事人暂缓答复。", en: "The person wants to answer later.", remedy: waitForAnswer},
	"REFUSED":     {zh: "当事人没有同意。", en: "The person has refused.", remedy: anotherChannel},
	"LAPSED":      {zh: "当事人逾期未答复。", en: "The person did not answer in time.", remedy: askForBasis},
}

var (
	askToResume    = Remedy{Zh: "请当事人或主管机关恢复后再用。", En: "Ask the person or the authority to resume it."}.by(ResumeBasis)
	useTheNewer    = Remedy{Zh: "在请求中写明新的 basis_id。", En: "Name the newer basis in basis_id."}.by(ChangeRequest)
	waitForAnswer  = Remedy{Zh: "等待当事人答复。", En: "Wait for the person's answer."}.by(Wait)
	anotherChannel = Remedy{Zh: "由当事人自行提供材料,或改用法定依据;不得反复征求同意。", En: "Let the person hand it in, or rely on a statute; do not ask again and again."}.by(RegisterStatutory)
)

func basisEnded(in *Input) *refusal {
	state := in.Basis.State
	if state == "ACTIVE" && !in.Now.Before(in.Basis.Expires) {
		state = "EXPIRED"
	}
	if state == "ACTIVE" && !in.Now.Before(in.Basis.From) {
		return nil
	}
	ended, known := endings[state]
	if !known {
		ended = refusal{zh: "该使用依据尚未生效。", en: "This basis is not in force.", remedy: askForBasis}
	}
	ended.code = BasisEnded
	return &ended
}

// The kinds of basis, as the schema has them.
const (
	statutory       = "STATUTORY"
	emergency       = "EMERGENCY"
	separateConsent = "SEPARATE_CONSENT"
	writtenConsent  = "WRITTEN_CONSENT"
)

var kinds = []string{"CONSENT", separateConsent, writtenConsent, statutory, emergency, "CONTRACT"}

var basisConditions = []condition{
	{
		code:   BasisMismatch,
		broken: func(in *Input) bool { return !slices.Contains(kinds, in.Basis.Kind) },
		zh:     "该使用依据的种类不明。",
		en:     "The basis is of no known kind.",
		remedy: askForBasis,
	},
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
		zh:     "该使用依据不是针对此人的。",
		en:     "The basis is not about this person.",
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
		remedy: Remedy{Zh: "核对办件编号,或为本办件取得使用依据。", En: "Check the case number, or obtain a basis for this case."}.by(ChangeRequest, ObtainBasis),
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
		remedy: Remedy{Zh: "改用依据允许的方式,或取得包括这种方式的依据。", En: "Use an operation that the basis includes, or obtain a basis that includes this one."}.by(ChangeRequest, ObtainBasis),
		offers: func(in *Input) []string { return names(in.Basis.Operations) },
	},
	{
		code: BasisMismatch,
		broken: func(in *Input) bool {
			return (in.Basis.Kind == statutory || in.Basis.Kind == emergency) && in.Basis.LegalProvision == ""
		},
		zh:     "该法定依据没有写明条款。",
		en:     "The statutory basis names no article of law.",
		remedy: Remedy{Zh: "由数据管理部门补充条款后重新登记。", En: "Have the bureau register it again with the article."}.by(RegisterStatutory),
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
