package facade

import (
	"encoding/json"
	"strings"
	"time"

	"kapok/catalog"
	"kapok/gateway"
)

// CertQuestion is the member data of the share service's questions; each takes its own part.
type CertQuestion struct {
	CertIdentifier string            `json:"certIdentifier"`
	HolderCode     string            `json:"holderCode"`
	HolderTypeCode string            `json:"holderTypeCode"`
	CertTypeCode   string            `json:"certTypeCode"`
	CertNo         string            `json:"certNo"`
	QRCode         string            `json:"qrcode"`
	CertData       map[string]string `json:"certData"` // verifyCertInfo: elements by the names of GB/T 36903
	ContentType    string            `json:"contentType"`
	Content        []byte            `json:"content"`
	ExpiryTime     string            `json:"expiryTime"`
	UseCause       json.RawMessage   `json:"useCause"`
	Operator       Operator          `json:"operator"` // Kapok's own: the protocol has no place for the officer
}

// UseCause is what a licence is used for.
type UseCause struct {
	System   string `json:"certificateSystemName"`
	Category string `json:"certificateCallCategory"`
	Matter   string `json:"certificateMatterName"` // the matter's code, or its name in the catalogue
	Event    string `json:"certificateEventCode"`  // the case
	Cause    string `json:"certificateCopyCause"`
}

// occasion is what a use needs beside the licence and the holder.
type occasion struct{ matter, caseNo, officer string }

// occasionOf reads useCause. A text instead of the object says neither matter nor case, and
// data is used for those alone. Where no operator is named, the officer is the one whom
// certificateSystemName names after a slash, or else the system itself.
func (s *CertShare) occasionOf(system *catalog.System, q CertQuestion) (occasion, error) {
	var cause UseCause
	if json.Unmarshal(q.UseCause, &cause) != nil || cause.Matter == "" || cause.Event == "" {
		return occasion{}, wrong("useCause", "useCause is an object with certificateMatterName (the matter's code or name) and certificateEventCode (the case)")
	}
	o := occasion{matter: s.matter(cause.Matter), caseNo: cause.Event, officer: q.Operator.Account}
	if o.officer == "" {
		_, o.officer, _ = strings.Cut(cause.System, "/")
	}
	if o.officer == "" {
		o.officer = system.ID
	}
	for _, rule := range []struct{ field, text string }{
		{"useCause.certificateMatterName", o.matter}, {"useCause.certificateEventCode", o.caseNo}, {"operator.account", o.officer},
	} {
		if !code.MatchString(rule.text) {
			return occasion{}, wrong(rule.field, rule.field+" has at most 64 letters, digits, - _ . /, or, of a matter, is its name in the catalogue")
		}
	}
	return o, nil
}

func (s *CertShare) matter(named string) string {
	for matter := range s.Catalog().ServiceItems() {
		if matter.Name == named {
			return matter.Code
		}
	}
	return named
}

// behind joins holder, licence and occasion.
func (o occasion) behind(system *catalog.System, item string, holder gateway.Identity, asked []byte) behind {
	return behind{
		System: system.ID, Asked: asked, Item: item, IDType: holder.Type, IDNumber: holder.Number(),
		ServiceItem: o.matter, CaseNo: o.caseNo, OfficerRef: o.officer,
	}
}

// holderOf reads whose licence is asked for.
func holderOf(q CertQuestion) (gateway.Identity, error) {
	holder, err := gateway.ParseIdentity(gateway.IdentityType(q.HolderTypeCode), q.HolderCode)
	if err != nil {
		failure := gateway.Fail(gateway.Invalid, "holder-type", "holderCode is not a number of the kind that holderTypeCode says.")
		failure.Field = "holderCode"
		return holder, failure
	}
	return holder, nil
}

// kindOf finds the licence of a type among what the matter may use.
func (s *CertShare) kindOf(system *catalog.System, matter, typeCode string) (licenceItem, error) {
	for _, kind := range s.usable(system, matter) {
		if kind.code == typeCode {
			return kind, nil
		}
	}
	return licenceItem{}, gateway.Fail(gateway.Forbidden, "grant-missing", "No licence of this type is granted to this system for this matter.")
}

// linkLife is how long the address of a file serves: as long as the caller says, and never
// longer than an hour. It serves once.
func linkLife(q CertQuestion, now time.Time) (time.Duration, error) {
	if q.ExpiryTime == "" {
		return longestLink, nil
	}
	for _, form := range []string{time.RFC3339, time.DateTime, "20060102150405"} {
		if at, err := time.ParseInLocation(form, q.ExpiryTime, china); err == nil {
			if !now.Before(at) {
				return 0, wrong("expiryTime", "expiryTime is in the past")
			}
			return min(at.Sub(now), longestLink), nil
		}
	}
	return 0, wrong("expiryTime", "expiryTime is a time: 2026-01-02 15:04:05")
}

const longestLink = time.Hour
