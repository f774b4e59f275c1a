package basis_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
)

func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

const now = "2026-03-01T08:00:00.123Z"

// consent is a draft that keeps every rule.
func consent(t testing.TB) basis.Basis {
	return basis.Basis{
		Kind:       basis.SeparateConsent,
		SubjectRef: "0123456789abcdef0123456789abcdef",
		Actor:      basis.Actor{Ref: "0123456789abcdef0123456789abcdef", AuthLevel: "L3", Method: "oidc"},
		Department: "tianhe-minzheng", Unit: "社会救助科", System: "tianhe-minzheng-dibao",
		Provider: "mps", Item: "1010010001/000001", ItemVersion: 1,
		Fields:     []string{"name", "household_address", "phone"},
		Operations: []gateway.Operation{gateway.View, gateway.Verify},
		Sensitive:  []string{"household_address"},
		Purpose:    "assistance-review", PurposeText: "核对您家的户籍情况 <&> \u2028", ServiceItem: "11440106KAPK0002272010511001000", CaseNo: "DB-2026-000001",
		From: at(t, now), Expires: at(t, "2026-06-01T00:00:00Z"), EraseAt: at(t, "2031-06-01T00:00:00Z"),
		Notice: basis.Notice{ID: "notice-dibao", Version: "3", SM3: strings.Repeat("ab", 32), Language: "zh-CN", ShownAt: at(t, "2026-03-01T07:59:00Z"), SeparateAck: []string{"household_address"}},
		Rights: basis.Rights{Withdraw: "穗好办 我的授权", Contact: "020-00000000", Regulator: "12377"},
	}
}

// template bounds consent from above.
func template() basis.Controls {
	return basis.Controls{Template: "dibao@1", Grant: "grant-1", PIPIA: "PIA-2026-001", Catalogue: strings.Repeat("c", 64), Bound: basis.Bound{
		Fields:     []string{"household_address", "name", "phone", "state"},
		Operations: []gateway.Operation{gateway.Verify, gateway.View},
	}}
}

// whole is a consent that says everything an artefact can say.
func whole(t testing.TB) basis.Basis {
	b := consent(t)
	b.Kind, b.AgeBand, b.Capacity = basis.WrittenConsent, basis.Under18, basis.Minor
	b.Actor = basis.Actor{
		Ref: strings.Repeat("a", 32), AuthLevel: "L3", Method: "oidc", MandateID: strings.Repeat("b", 32), Assertion: strings.Repeat("c", 64),
	}
	b.Supersedes = strings.Repeat("d", 32)
	b.Contact, b.KeyID, b.Through = "020-00000000", "-"+strings.Repeat("k", 42), "区政务服务中心"
	b.Optional, b.Range = []string{"phone"}, "最近一年"
	b.Necessity = basis.Necessity{Alternative: "提交纸质户口簿"}
	b.Automated = basis.Automated{Decides: true, Explanation: "按收入线自动判断,可以要求人工复核"}
	b.Onward, b.Controls = basis.OnwardAgreed, template()
	b.MaxUses, b.PerDay = 10, 2
	b.Controls.Bound.MaxUses, b.Controls.Bound.Longest = 10, 100*24*time.Hour
	b.CooldownUntil = at(t, "2026-07-01T00:00:00Z")
	return b
}

func statutory(t testing.TB) basis.Basis {
	b := consent(t)
	b.Kind, b.SubjectRef, b.CaseNo, b.Sensitive = basis.Statutory, "", "", nil
	b.Actor = basis.Actor{Ref: "bureau-7", AuthLevel: "L3", Method: "oidc"}
	b.Notice, b.Rights = basis.Notice{}, basis.Rights{}
	b.LegalProvision = basis.LegalProvision{ID: "social-assistance-58", Law: "社会救助暂行办法", Article: "第五十八条"}
	b.Expires, b.EraseAt = at(t, "2030-06-01T00:00:00Z"), at(t, "2033-06-01T00:00:00Z")
	return b
}

func emergency(t testing.TB) basis.Basis {
	b := statutory(t)
	b.Kind, b.SubjectRef = basis.Emergency, "0123456789abcdef0123456789abcdef"
	b.Incident = basis.Incident{Number: "TH-2026-04", Reason: "内涝转移安置", Approver: "bureau-8"}
	b.Expires = b.From.Add(24 * time.Hour)
	return b
}

func made(t testing.TB, draft basis.Basis) basis.Basis {
	t.Helper()
	b, err := basis.New(draft, at(t, now))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNewCompletesTheDraft(t *testing.T) {
	for name, draft := range map[string]basis.Basis{"consent": consent(t), "statutory": statutory(t), "emergency": emergency(t)} {
		t.Run(name, func(t *testing.T) {
			b := made(t, draft)
			if len(b.ID) != 32 || b.ID == made(t, draft).ID {
				t.Error("the id is not random")
			}
			if !slices.IsSorted(b.Fields) || b.Operations[0] != gateway.Verify {
				t.Errorf("not in order: %v %v", b.Fields, b.Operations)
			}
			if b.Notify.Mode != basis.Immediate {
				t.Errorf("notify %q", b.Notify.Mode)
			}
		})
	}
}

// TestRules breaks each rule once, and nothing else.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		rule  string
		field string
		draft func(testing.TB) basis.Basis
		spoil func(*basis.Basis)
	}{
		{"kind-known", "/kind", consent, func(b *basis.Basis) { b.Kind = "LEGITIMATE_INTEREST" }},
		{"supersedes-form", "/supersedes", consent, func(b *basis.Basis) { b.Supersedes = "the old one" }},
		{"uses-counted", "/max_uses", consent, func(b *basis.Basis) { b.MaxUses = -1 }},
		{"uses-counted", "/max_uses", consent, func(b *basis.Basis) { b.PerDay = 1_000_001 }},
		{"consent-by-the-person", "/actor", consent, func(b *basis.Basis) { b.Actor.MandateID = strings.Repeat("f", 32) }},
		{"mandate-form", "/actor", statutory, func(b *basis.Basis) { b.Actor.Assertion = "signed" }},
		{"guardian-for-children", "/actor", consent, func(b *basis.Basis) { b.AgeBand = basis.Under14 }},
		{"subject-described", "/subject", consent, func(b *basis.Basis) { b.AgeBand = "OLD" }},
		{"optional-within-fields", "/optional", consent, func(b *basis.Basis) { b.Optional = []string{"base_wage"} }},
		{"optional-within-fields", "/optional", consent, func(b *basis.Basis) { b.Optional = b.Fields }},
		{"within-template", "/controls", consent, func(b *basis.Basis) { b.Controls.Template = "dibao@1" }},
		{"within-template", "/controls", consent, func(b *basis.Basis) { b.Controls = template(); b.Controls.Bound.Fields = []string{"name"} }},
		{"within-template", "/controls", consent, func(b *basis.Basis) { b.Controls = template(); b.Controls.Bound.MaxUses = 5 }},
		{"within-template", "/controls", consent, func(b *basis.Basis) { b.Controls = template(); b.Controls.Bound.Longest = time.Hour }},
		{"within-template", "/controls", consent, func(b *basis.Basis) {
			b.Controls = template()
			b.Controls.Bound.Operations = []gateway.Operation{gateway.Verify}
		}},
		{"controls-form", "/controls", consent, func(b *basis.Basis) { b.Controls.PIPIA = "an assessment" }},
		{"key-form", "/requester/key_id", consent, func(b *basis.Basis) { b.KeyID = "dibao-key" }},
		{"automated-explained", "/automated", consent, func(b *basis.Basis) { b.Automated.Decides = true }},
		{"onward-known", "/onward", consent, func(b *basis.Basis) { b.Onward = "FREELY" }},
		{"contract-named", "/contract", consent, func(b *basis.Basis) { b.Contract = "HT-1" }},
		{"contract-named", "/contract", consent, func(b *basis.Basis) {
			b.Kind, b.Notice, b.Rights = basis.Contract, basis.Notice{}, basis.Rights{}
		}},
		{"cooldown-form", "/cooldown_until", consent, func(b *basis.Basis) { b.CooldownUntil = b.Expires.AddDate(9, 0, 0) }},
		{"written-stepped-up", "/actor", consent, func(b *basis.Basis) { b.Kind = basis.WrittenConsent }},
		{"subject-named", "/subject_ref", consent, func(b *basis.Basis) { b.SubjectRef, b.Actor.Ref = "", "" }},
		{"subject-named", "/subject_ref", emergency, func(b *basis.Basis) { b.SubjectRef = "" }},
		{"subject-form", "/subject_ref", statutory, func(b *basis.Basis) { b.SubjectRef = "somebody" }},
		{"consent-by-the-person", "/actor", consent, func(b *basis.Basis) { b.Actor.Ref = strings.Repeat("f", 32) }},
		{"actor-named", "/actor", statutory, func(b *basis.Basis) { b.Actor.AuthLevel = "" }},
		{"one-recipient-department", "/department", consent, func(b *basis.Basis) { b.Department = "" }},
		{"one-recipient-department", "/department", consent, func(b *basis.Basis) { b.Department = "tianhe-minzheng,tianhe-renshe" }},
		{"one-recipient-system", "/system", consent, func(b *basis.Basis) { b.System = "" }},
		{"provider-named", "/provider", consent, func(b *basis.Basis) { b.Provider = "" }},
		{"item-named", "/item", consent, func(b *basis.Basis) { b.Item = "" }},
		{"item-version", "/item_version", consent, func(b *basis.Basis) { b.ItemVersion = 0 }},
		{"fields-once", "/fields", consent, func(b *basis.Basis) { b.Fields = nil }},
		{"fields-once", "/fields", consent, func(b *basis.Basis) { b.Fields = append(b.Fields, "name") }},
		{"fields-once", "/fields", consent, func(b *basis.Basis) { b.Fields = append(b.Fields, "") }},
		{"operations-once", "/operations", consent, func(b *basis.Basis) { b.Operations = nil }},
		{"operations-once", "/operations", consent, func(b *basis.Basis) { b.Operations = append(b.Operations, gateway.View) }},
		{"operations-once", "/operations", consent, func(b *basis.Basis) { b.Operations = []gateway.Operation{"BATCH"} }},
		{"sensitive-within-fields", "/sensitive", consent, func(b *basis.Basis) { b.Sensitive = []string{"base_wage"} }},
		{"sensitive-separate", "/sensitive", consent, func(b *basis.Basis) { b.Kind = basis.Consent }},
		{"purpose-named", "/purpose", consent, func(b *basis.Basis) { b.Purpose = "" }},
		{"purpose-told", "/purpose_text", consent, func(b *basis.Basis) { b.PurposeText = "" }},
		{"matter-named", "/service_item", consent, func(b *basis.Basis) { b.ServiceItem = "" }},
		{"case-form", "/case_no", consent, func(b *basis.Basis) { b.CaseNo = "DB 2026" }},
		{"provision-named", "/legal_provision", statutory, func(b *basis.Basis) { b.LegalProvision.Article = "" }},
		{"provision-named", "/legal_provision", emergency, func(b *basis.Basis) { b.LegalProvision = basis.LegalProvision{} }},
		{"provision-unneeded", "/legal_provision", consent, func(b *basis.Basis) { b.LegalProvision.Law = "某法" }},
		{"emergency-answerable", "/incident", emergency, func(b *basis.Basis) { b.Incident.Approver = b.Actor.Ref }},
		{"emergency-alone", "/incident", statutory, func(b *basis.Basis) { b.Incident.Number = "1" }},
		{"validity-order", "/expires", consent, func(b *basis.Basis) { b.Expires = time.Time{} }},
		{"validity-order", "/expires", consent, func(b *basis.Basis) { b.Expires = b.From }},
		{"validity-bounded", "/expires", consent, func(b *basis.Basis) { b.Expires = b.From.Add(367 * 24 * time.Hour) }},
		{"validity-bounded", "/expires", emergency, func(b *basis.Basis) { b.Expires = b.From.Add(24*time.Hour + time.Millisecond) }},
		{"validity-bounded", "/expires", statutory, func(b *basis.Basis) { b.Expires = b.From.AddDate(9000-b.From.Year(), 0, 0) }},
		{"erasure-bounded", "/erase_at", consent, func(b *basis.Basis) { b.EraseAt = time.Time{} }},
		{"erasure-bounded", "/erase_at", consent, func(b *basis.Basis) { b.EraseAt = b.Expires.Add(-time.Second) }},
		{"erasure-bounded", "/erase_at", consent, func(b *basis.Basis) { b.EraseAt = b.Expires.AddDate(31, 0, 0) }},
		{"notice-shown", "/notice", consent, func(b *basis.Basis) { b.Notice.SM3 = "AB" }},
		{"notice-before", "/notice", consent, func(b *basis.Basis) { b.Notice.ShownAt = b.From.Add(time.Second) }},
		{"notice-whole", "/notice", statutory, func(b *basis.Basis) { b.Notice.ID = "notice-1" }},
		{"separate-acknowledged", "/notice/separate_ack", consent, func(b *basis.Basis) { b.Notice.SeparateAck = nil }},
		{"separate-acknowledged", "/notice/separate_ack", consent, func(b *basis.Basis) { b.Notice.SeparateAck = []string{"name"} }},
		{"notify-known", "/notify", statutory, func(b *basis.Basis) { b.Notify.Mode = "NEVER" }},
		{"notify-consent", "/notify", consent, func(b *basis.Basis) {
			b.Notify = basis.Notify{Mode: basis.Delayed, Until: b.Expires, Ground: "g", Approver: "bureau-8"}
		}},
		{"notify-grounded", "/notify", statutory, func(b *basis.Basis) {
			b.Notify = basis.Notify{Mode: basis.Suppressed, Ground: "g", Approver: "bureau-8"}
		}},
		{"rights-told", "/rights", consent, func(b *basis.Basis) { b.Rights.Withdraw = "" }},
		{"text-plain", "", consent, func(b *basis.Basis) { b.PurposeText = "a\x00b" }},
		{"text-plain", "", consent, func(b *basis.Basis) { b.Rights.Contact = "\xff" }},
		{"text-plain", "", consent, func(b *basis.Basis) { b.Unit = strings.Repeat("科", 400) }},
	} {
		t.Run(c.rule, func(t *testing.T) {
			draft := c.draft(t)
			made(t, draft)
			c.spoil(&draft)
			_, err := basis.New(draft, at(t, now))
			known, ok := errors.AsType[*gateway.Error](err)
			if !ok || !strings.Contains(known.Message, "("+c.rule+")") || known.Field != c.field || known.Code != "basis-invalid" {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestNewRefusesWhatHasEnded(t *testing.T) {
	_, err := basis.New(consent(t), at(t, "2027-01-01T00:00:00Z"))
	if known, ok := errors.AsType[*gateway.Error](err); !ok || known.Field != "/expires" {
		t.Errorf("error: %v", err)
	}
}

func TestErrorsHoldNoValue(t *testing.T) {
	draft := consent(t)
	draft.CaseNo = "张三 的 案件"
	_, err := basis.New(draft, at(t, now))
	if err == nil || strings.Contains(err.Error(), "张三") {
		t.Errorf("error: %v", err)
	}
}

func TestDraftIsLeftAlone(t *testing.T) {
	draft := consent(t)
	before := slices.Clone(draft.Fields)
	made(t, draft)
	if diff := cmp.Diff(before, draft.Fields); diff != "" {
		t.Error(diff)
	}
}

func TestCovers(t *testing.T) {
	ref := "0123456789abcdef0123456789abcdef"
	other := strings.Repeat("f", 32)
	if b := made(t, consent(t)); !b.Covers(ref) || b.Covers(other) || b.Covers("") {
		t.Error("a consent covers its person and nobody else")
	}
	if b := made(t, statutory(t)); !b.Covers(ref) || !b.Covers(other) {
		t.Error("a statutory basis without a subject covers anybody")
	}
	if (basis.Basis{Kind: basis.Consent}).Covers(ref) {
		t.Error("a consent without a subject covers nobody")
	}
}

func TestDigestIsSM3OfTheDocument(t *testing.T) {
	b := made(t, consent(t))
	document, err := b.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := b.Digest()
	if err != nil || digest != sm.Sum(document) {
		t.Errorf("digest %x, %v", digest, err)
	}
}
