package basis

import (
	"errors"
	"time"

	"kapok/gateway"
)

// The document, member by member. It has lists of items where the artefact of this
// version has one, so that a later version adds and does not change.
type (
	document struct {
		Header         header          `json:"header"`
		Kind           Kind            `json:"kind"`
		Subject        subject         `json:"subject,omitzero"`
		Actor          actor           `json:"actor"`
		Requester      requester       `json:"requester"`
		Provider       provider        `json:"provider"`
		Purpose        purpose         `json:"purpose"`
		LegalProvision *legalProvision `json:"legal_provision,omitempty"`
		Incident       *incident       `json:"incident,omitempty"`
		Contract       string          `json:"contract,omitempty"`
		Items          []item          `json:"items"`
		Necessity      *necessity      `json:"necessity,omitempty"`
		Automated      *automated      `json:"automated,omitempty"`
		Onward         Onward          `json:"onward,omitempty"`
		Controls       *controls       `json:"controls,omitempty"`
		Validity       validity        `json:"validity"`
		EraseAt        instant         `json:"erase_at"`
		Notice         *notice         `json:"notice,omitempty"`
		Notify         notify          `json:"notify"`
		Rights         *rights         `json:"rights,omitempty"`
		CooldownUntil  instant         `json:"cooldown_until,omitzero"`
	}
	header struct {
		Version    int    `json:"ver"`
		ID         string `json:"basis_id"`
		Supersedes string `json:"supersedes,omitempty"`
	}
	subject struct {
		Ref      string   `json:"ref,omitempty"`
		AgeBand  AgeBand  `json:"age_band,omitempty"`
		Capacity Capacity `json:"capacity,omitempty"`
	}
	actor struct {
		Ref       string `json:"ref"`
		AuthLevel string `json:"auth_level"`
		Method    string `json:"method"`
		MandateID string `json:"mandate_id,omitempty"`
		Assertion string `json:"assertion_sm3,omitempty"`
	}
	requester struct {
		Department string `json:"department"`
		Unit       string `json:"unit,omitempty"`
		System     string `json:"system"`
		Contact    string `json:"contact,omitempty"`
		KeyID      string `json:"key_id,omitempty"`
		Through    string `json:"intermediary,omitempty"`
	}
	provider struct {
		Department  string `json:"department"`
		Item        string `json:"item"`
		ItemVersion int    `json:"item_version"`
	}
	purpose struct {
		Code        string `json:"code"`
		Text        string `json:"text,omitempty"`
		ServiceItem string `json:"service_item"`
		CaseNo      string `json:"case_no,omitempty"`
	}
	legalProvision struct {
		ID      string `json:"id,omitempty"`
		Law     string `json:"law"`
		Article string `json:"article"`
	}
	incident struct {
		Number   string `json:"number"`
		Reason   string `json:"reason"`
		Approver string `json:"approver"`
	}
	item struct {
		Fields     []string            `json:"fields"`
		Operations []gateway.Operation `json:"operations"`
		Sensitive  []string            `json:"sensitive,omitempty"`
		Optional   []string            `json:"optional,omitempty"`
		Range      string              `json:"range,omitempty"`
	}
	necessity struct {
		Required    bool   `json:"required"`
		Alternative string `json:"alternative,omitempty"`
	}
	automated struct {
		Decides     bool   `json:"decides"`
		Explanation string `json:"explanation,omitempty"`
	}
	controls struct {
		Template  string `json:"template,omitempty"`
		Bound     *bound `json:"bound,omitempty"`
		Grant     string `json:"grant,omitempty"`
		PIPIA     string `json:"pipia_id,omitempty"`
		Catalogue string `json:"catalogue,omitempty"`
	}
	bound struct {
		Fields     []string            `json:"fields"`
		Operations []gateway.Operation `json:"operations"`
		MaxUses    int                 `json:"max_uses,omitempty"`
		Seconds    int64               `json:"longest_seconds,omitempty"`
	}
	validity struct {
		From    instant `json:"from"`
		Expires instant `json:"expires"`
		MaxUses int     `json:"max_uses,omitempty"`
		PerDay  int     `json:"max_uses_per_day,omitempty"`
	}
	notice struct {
		ID          string   `json:"id"`
		Version     string   `json:"ver"`
		SM3         string   `json:"sm3"`
		Language    string   `json:"language"`
		ShownAt     instant  `json:"shown_at"`
		SeparateAck []string `json:"separate_ack,omitempty"`
	}
	notify struct {
		Mode     Mode    `json:"mode"`
		Until    instant `json:"until,omitzero"`
		Ground   string  `json:"ground,omitempty"`
		Approver string  `json:"approver,omitempty"`
	}
	rights struct {
		Withdraw  string `json:"withdraw,omitempty"`
		Objection string `json:"objection,omitempty"`
		Contact   string `json:"contact,omitempty"`
		Regulator string `json:"regulator,omitempty"`
	}
)

// instant is a moment in the one way in which documents write it.
type instant struct{ time.Time }

const instantForm = `"2006-01-02T15:04:05.000Z"`

// MarshalJSON writes UTC with milliseconds.
func (i instant) MarshalJSON() ([]byte, error) { return i.UTC().AppendFormat(nil, instantForm), nil }

// UnmarshalJSON takes what MarshalJSON writes and nothing else.
func (i *instant) UnmarshalJSON(raw []byte) error {
	at, err := time.Parse(instantForm, string(raw))
	if err != nil {
		return errors.New("a moment is written as 2006-01-02T15:04:05.000Z")
	}
	i.Time = at
	return nil
}

func (b Basis) document() document {
	return document{
		Header:         header{Version: version, ID: b.ID, Supersedes: b.Supersedes},
		Kind:           b.Kind,
		Subject:        subject{Ref: b.SubjectRef, AgeBand: b.AgeBand, Capacity: b.Capacity},
		Actor:          actor(b.Actor),
		Requester:      requester{Department: b.Department, Unit: b.Unit, System: b.System, Contact: b.Contact, KeyID: b.KeyID, Through: b.Through},
		Provider:       provider{Department: b.Provider, Item: b.Item, ItemVersion: b.ItemVersion},
		Purpose:        purpose{Code: b.Purpose, Text: b.PurposeText, ServiceItem: b.ServiceItem, CaseNo: b.CaseNo},
		LegalProvision: present(legalProvision(b.LegalProvision)),
		Incident:       present(incident(b.Incident)),
		Contract:       b.Contract,
		Items:          []item{{Fields: b.Fields, Operations: b.Operations, Sensitive: b.Sensitive, Optional: b.Optional, Range: b.Range}},
		Necessity:      present(necessity(b.Necessity)),
		Automated:      present(automated(b.Automated)),
		Onward:         b.Onward,
		Controls:       b.Controls.document(),
		Validity:       validity{From: instant{b.From}, Expires: instant{b.Expires}, MaxUses: b.MaxUses, PerDay: b.PerDay},
		EraseAt:        instant{b.EraseAt},
		Notice:         b.Notice.document(),
		Notify:         notify{Mode: b.Notify.Mode, Until: instant{b.Notify.Until}, Ground: b.Notify.Ground, Approver: b.Notify.Approver},
		Rights:         present(rights(b.Rights)),
		CooldownUntil:  instant{b.CooldownUntil},
	}
}

func (n Notice) document() *notice {
	if n.empty() {
		return nil
	}
	return &notice{ID: n.ID, Version: n.Version, SM3: n.SM3, Language: n.Language, ShownAt: instant{n.ShownAt}, SeparateAck: n.SeparateAck}
}

func (c Controls) document() *controls {
	if c.Template == "" && c.Grant == "" && c.PIPIA == "" && c.Catalogue == "" && c.Bound.empty() {
		return nil
	}
	d := &controls{Template: c.Template, Grant: c.Grant, PIPIA: c.PIPIA, Catalogue: c.Catalogue}
	if !c.Bound.empty() {
		d.Bound = &bound{Fields: c.Bound.Fields, Operations: c.Bound.Operations, MaxUses: c.Bound.MaxUses, Seconds: int64(c.Bound.Longest / time.Second)}
	}
	return d
}

func (d *controls) basis() Controls {
	if d == nil {
		return Controls{}
	}
	c := Controls{Template: d.Template, Grant: d.Grant, PIPIA: d.PIPIA, Catalogue: d.Catalogue}
	if d.Bound != nil {
		c.Bound = Bound{Fields: d.Bound.Fields, Operations: d.Bound.Operations, MaxUses: d.Bound.MaxUses, Longest: time.Duration(d.Bound.Seconds) * time.Second}
	}
	return c
}

// present is nil for the zero value, so that an absent member is not written.
func present[T comparable](value T) *T {
	var none T
	if value == none {
		return nil
	}
	return &value
}

// basis is the reverse of document.
func (d document) basis() Basis {
	return Basis{
		ID: d.Header.ID, Supersedes: d.Header.Supersedes, Kind: d.Kind,
		SubjectRef: d.Subject.Ref, AgeBand: d.Subject.AgeBand, Capacity: d.Subject.Capacity, Actor: Actor(d.Actor),
		Department: d.Requester.Department, Unit: d.Requester.Unit, System: d.Requester.System,
		Contact: d.Requester.Contact, KeyID: d.Requester.KeyID, Through: d.Requester.Through,
		Provider: d.Provider.Department, Item: d.Provider.Item, ItemVersion: d.Provider.ItemVersion,
		Fields: d.Items[0].Fields, Operations: d.Items[0].Operations, Sensitive: d.Items[0].Sensitive,
		Optional: d.Items[0].Optional, Range: d.Items[0].Range,
		Purpose: d.Purpose.Code, PurposeText: d.Purpose.Text, ServiceItem: d.Purpose.ServiceItem, CaseNo: d.Purpose.CaseNo,
		LegalProvision: LegalProvision(value(d.LegalProvision)), Incident: Incident(value(d.Incident)),
		Contract: d.Contract, Necessity: Necessity(value(d.Necessity)), Automated: Automated(value(d.Automated)),
		Onward: d.Onward, Controls: d.Controls.basis(),
		From: d.Validity.From.Time, Expires: d.Validity.Expires.Time, EraseAt: d.EraseAt.Time, MaxUses: d.Validity.MaxUses, PerDay: d.Validity.PerDay,
		CooldownUntil: d.CooldownUntil.Time,
		Notice:        d.Notice.basis(),
		Notify:        Notify{Mode: d.Notify.Mode, Until: d.Notify.Until.Time, Ground: d.Notify.Ground, Approver: d.Notify.Approver},
		Rights:        Rights(value(d.Rights)),
	}
}

func (n *notice) basis() Notice {
	if n == nil {
		return Notice{}
	}
	return Notice{ID: n.ID, Version: n.Version, SM3: n.SM3, Language: n.Language, ShownAt: n.ShownAt.Time, SeparateAck: n.SeparateAck}
}

// value is what a member holds, or the zero value when it is absent.
func value[T any](member *T) T {
	if member == nil {
		var none T
		return none
	}
	return *member
}
