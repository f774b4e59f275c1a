package policies

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// rule is one policy with what its annotations say.
type rule struct {
	// What each request reads whose scope matches stands first and together.
	id         cedar.PolicyID
	conditions *cedar.Policy  // the policy without its scope, which the index answers
	actions    []cedar.String // of the scope; nil is any
	reads      reads          // the attributes of the context that the conditions read
	order      int            // its place in the set: layer, file, line
	effect     cedar.Effect
	always     bool   // there are no conditions: where the scope matches, so does the policy
	climbs     bool   // the conditions use the operator in
	duties     []duty // a permit with duties allows nothing
	reason     Reason

	remedy Remedy
	file   string
	policy *cedar.Policy // as written

	principal, resource cedar.EntityUID // what the scope names; zero: any
}

// duty is one obligation: "mask:phone", "notify".
type duty struct{ text, kind, field string }

// duties are what a permit can oblige to; those with a field take ":<field>".
const (
	dutyForm  = `(notify|watermark|second-approver|predicate-only(:[a-z0-9_]+)?|mask:[a-z0-9_]+)`
	valueless = "predicate-only"

	// What whoever carries a decision out does itself, beside the masks: it releases
	// nothing without another officer's confirmation, tells the person, marks the answer.
	SecondApprover = "second-approver"
	Notify         = "notify"
	Watermark      = "watermark"
)

func dutiesOf(annotation string) []duty {
	var duties []duty
	for _, text := range strings.Fields(annotation) {
		kind, field, _ := strings.Cut(text, ":")
		duties = append(duties, duty{text, kind, field})
	}
	return duties
}

// bears reports whether the duty is about what is asked for.
func (d duty) bears(in *Input) bool { return d.field == "" || slices.Contains(in.Ask.Fields, d.field) }

// annotations lists what a policy may carry, and for which policies it is needed.
var annotations = []struct {
	key     types.AnnotationKey
	needed  func(effect cedar.Effect) bool
	allowed func(effect cedar.Effect) bool
	check   *regexp.Regexp
}{
	{"id", always, always, regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)},
	{"zh", always, always, regexp.MustCompile(`\p{Han}`)},
	{"en", always, always, regexp.MustCompile(`[A-Za-z]`)},
	{"remedy_zh", forbids, forbids, regexp.MustCompile(`\p{Han}`)},
	{"remedy_en", forbids, forbids, regexp.MustCompile(`[A-Za-z]`)},
	{"obligation", never, permits, regexp.MustCompile("^" + dutyForm + "( " + dutyForm + ")*$")},
}

func always(cedar.Effect) bool         { return true }
func never(cedar.Effect) bool          { return false }
func forbids(effect cedar.Effect) bool { return effect == cedar.Forbid }
func permits(effect cedar.Effect) bool { return effect == cedar.Permit }

// newRule reads a policy's annotations; each mistake is one error.
func newRule(file string, policy *cedar.Policy) (*rule, []error) {
	texts, effect := policy.Annotations(), policy.Effect()
	var wrong []error
	for _, annotation := range annotations {
		text, present := texts[annotation.key]
		switch {
		case !present && annotation.needed(effect):
			wrong = append(wrong, fmt.Errorf("the annotation @%s is missing", annotation.key))
		case present && !annotation.allowed(effect):
			wrong = append(wrong, fmt.Errorf("the annotation @%s has no meaning here", annotation.key))
		case present && !annotation.check.MatchString(string(text)):
			wrong = append(wrong, fmt.Errorf("the annotation @%s is not of the form %s", annotation.key, annotation.check))
		}
		delete(texts, annotation.key)
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		wrong = append(wrong, fmt.Errorf("the annotation @%s is not known", key))
	}
	texts = policy.Annotations()
	r := &rule{
		id:         cedar.PolicyID(texts["id"]),
		policy:     policy,
		conditions: withoutScope(policy),
		actions:    actions(policy.AST().Action),
		file:       file,
		effect:     effect,
		reason:     Reason{Policy: string(texts["id"]), Zh: string(texts["zh"]), En: string(texts["en"])},
		remedy:     Remedy{Zh: string(texts["remedy_zh"]), En: string(texts["remedy_en"])},
		duties:     dutiesOf(string(texts["obligation"])),
	}
	r.reads, r.climbs = readsOf(contextReads(r)), asksWhatIsIn(r)
	r.always = len(policy.AST().Conditions) == 0
	return r, wrong
}
