package policies

import (
	"fmt"
	"slices"
	"strings"
)

// fieldsFit checks asked ⊆ basis ⊆ grant ⊆ catalogue, and asked ⊆ template, where the
// matter has one. A template bounds the use and neither basis nor grant: one that is
// published later must not make uses impossible that stay within it. The first link
// that does not hold is refused, and the fields too many are named.
func fieldsFit(in *Input) *refusal {
	for i := range links {
		if excess := links[i].excess(in); len(excess) > 0 {
			return tooMany(in, &links[i], excess)
		}
	}
	return nil
}

// link is one ⊆ of the chain.
type link struct {
	excess func(*Input) []string
	zh, en string // with one %s for the fields
	remedy Remedy // of the same form
	steps  []Action
	asked  bool // the excess was asked for: say which of it the grant lacks as well
}

var links = []link{
	{
		excess: func(in *Input) []string { return without(in.Ask.Fields, in.Basis.Fields) },
		zh:     "请求的信息项超出使用依据:%s。",
		en:     "Fields asked for that the basis does not name: %s.",
		remedy: Remedy{Zh: "去掉这些信息项:%s;或取得包括它们的使用依据。", En: "Drop %s, or obtain a basis that names them."},
		steps:  []Action{DropFields, ObtainBasis},
		asked:  true,
	},
	{
		excess: func(in *Input) []string {
			if in.Template == nil {
				return nil
			}
			return without(in.Ask.Fields, in.Template.Fields)
		},
		steps:  []Action{DropFields, ChangeCatalogue},
		zh:     "请求的信息项超出该事项的模板(该事项最多可用的信息项):%s。",
		en:     "Fields asked for that the template of this matter does not have: %s.",
		remedy: Remedy{Zh: "去掉这些信息项:%s;或由数据管理部门调整该事项的模板。", En: "Drop %s, or have the bureau change the matter's template."},
	},
	{
		excess: func(in *Input) []string { return without(in.Basis.Fields, in.Grant.Fields) },
		steps:  []Action{ObtainBasis, ApplyForGrant},
		zh:     "使用依据的信息项超出授权:%s。",
		en:     "Fields of the basis that the grant does not include: %s.",
		remedy: Remedy{Zh: "取得不含这些信息项的使用依据:%s;或申请扩大授权。", En: "Obtain a basis without %s, or apply for a wider grant."},
	},
	{
		excess: func(in *Input) []string { return outsideItem(in.Grant.Fields, in.Item.Fields) },
		steps:  []Action{ApplyForGrant},
		zh:     "授权的信息项不在目录之内:%s。",
		en:     "Fields of the grant that the catalogue does not have: %s.",
		remedy: Remedy{Zh: "按目录更正授权,去掉:%s。", En: "Have the grant corrected to the catalogue, without %s."},
	},
}

func tooMany(in *Input, l *link, excess []string) *refusal {
	zh, en := strings.Join(labels(in, excess), "、"), strings.Join(excess, ", ")
	remedy := Remedy{Zh: fmt.Sprintf(l.remedy.Zh, zh), En: fmt.Sprintf(l.remedy.En, en)}
	for _, action := range l.steps {
		remedy.Steps = append(remedy.Steps, Step{action, excess})
	}
	if ungranted := without(excess, in.Grant.Fields); l.asked && len(ungranted) > 0 {
		remedy.Zh += fmt.Sprintf("其中 %s 也不在授权之内,须先向提供方申请。", strings.Join(labels(in, ungranted), "、"))
		remedy.En += fmt.Sprintf(" Of these the grant lacks %s too: apply to the provider first.", strings.Join(ungranted, ", "))
		remedy.Steps = append(remedy.Steps, Step{ApplyForGrant, ungranted})
	}
	return &refusal{code: FieldsExceed, excess: excess, zh: fmt.Sprintf(l.zh, zh), en: fmt.Sprintf(l.en, en), remedy: remedy}
}

// strongEnough are the kinds of basis that carry sensitive fields: a consent given
// for each of them, and a statute (PIPL 29).
var strongEnough = []string{separateConsent, writtenConsent, statutory}

// sensitiveFits demands separate consent or a statute for sensitive fields.
func sensitiveFits(in *Input) *refusal {
	if slices.Contains(strongEnough, in.Basis.Kind) {
		return nil
	}
	excess := sensitive(in)
	if len(excess) == 0 {
		return nil
	}
	zh, en := strings.Join(labels(in, excess), "、"), strings.Join(excess, ", ")
	return &refusal{
		code:   SensitiveNeedsSeparate,
		excess: excess,
		zh:     fmt.Sprintf("敏感个人信息须取得单独同意或有法定依据(个人信息保护法第二十九条):%s。", zh),
		en:     fmt.Sprintf("Sensitive personal information needs separate consent or a statute (PIPL 29): %s.", en),
		remedy: Remedy{
			Zh: fmt.Sprintf("去掉这些信息项:%s;或取得当事人的单独同意。", zh),
			En: fmt.Sprintf("Drop %s, or ask the person for separate consent.", en),

			Steps: []Step{{DropFields, excess}, {ObtainBasis, excess}},
		},
	}
}

// sensitive lists the asked fields that the catalogue marks as sensitive.
func sensitive(in *Input) []string {
	var found []string
	for _, name := range in.Ask.Fields {
		if field := in.Item.field(name); field != nil && field.Sensitive {
			found = append(found, name)
		}
	}
	return found
}

// without returns the names that are not among the allowed; nil when all are.
func without(names, allowed []string) []string {
	var rest []string
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			rest = append(rest, name)
		}
	}
	return rest
}

func outsideItem(names []string, fields []Field) []string {
	item := Item{Fields: fields}
	var rest []string
	for _, name := range names {
		if item.field(name) == nil {
			rest = append(rest, name)
		}
	}
	return rest
}

func (i *Item) field(name string) *Field {
	for at := range i.Fields {
		if i.Fields[at].Name == name {
			return &i.Fields[at]
		}
	}
	return nil
}

// labels writes names as a person reads them: 联系电话(phone).
func labels(in *Input, names []string) []string {
	written := make([]string, len(names))
	for i, name := range names {
		written[i] = name
		if field := in.Item.field(name); field != nil && field.Label != "" {
			written[i] = field.Label + "(" + name + ")"
		}
	}
	return written
}
