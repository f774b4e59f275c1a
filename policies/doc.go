// Package policies answers one question: may this department have these fields of
// this person, for this matter? [Set.Decide] is a pure function of the policy set
// and its [Input]: it asks no source and no clock, so a recorded input can be
// decided again. Any doubt and any evaluation error is a refusal.
//
// # Order of the decision
//
// The sharing type, the grant, the access basis, the fields (asked ⊆ basis ⊆ grant ⊆
// catalogue, asked ⊆ the matter's template) and their sensitivity are settled by tables in this package, since
// they are the same everywhere. What is left is law and local rule, and is written
// in Cedar, in four layers of folders:
//
//	national/     statutes and State Council regulations
//	province/     the province's rules
//	district/     the district's rules
//	departments/  <department id>.cedar, a department's own rules about itself
//
// A forbid of any layer cannot be overridden by a permit of another. A file of
// departments/ may only permit, and only to its own department. Where no policy
// permits, the answer is no.
//
// # What a policy file looks like
//
// Its first line names the rule's source: "// 依据: law and article". Every policy
// has the annotations @id (unique), @zh and @en (the reason as a person reads it);
// a forbid also has @remedy_zh and @remedy_en, what would make it allowed. A
// permit with @obligation allows nothing: it adds duties to what others allow, so a
// forgotten rule means less access and never more. The duties are
//
//	mask:<field>              the field's value leaves masked; no duty where it is not asked for
//	predicate-only[:<field>]  the value never leaves: VIEW and COPY are refused
//	notify                    the person is told of this use
//	second-approver           a second officer has confirmed this use
//	watermark                 what leaves carries its recipient's mark
//
// Everything is checked against schema.cedarschema when the set is loaded; one
// mistake refuses the set.
//
// The package knows neither catalogue nor database: its callers hand it plain values.
package policies
