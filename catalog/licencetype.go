package catalog

import (
	"fmt"
	"regexp"

	"kapok/gateway"
)

// LicenceType is a type of e-licence (证照类型). It is used as the item it names, which
// has its fields, its sharing type and its grants: those are the 用证清单.
type LicenceType struct {
	Code      string                 `json:"code"`                // 证照类型代码, GB/T 36904: USCC of the definer and 3 digits
	Name      string                 `json:"name"`                // 证照类型名称
	Short     string                 `json:"short,omitempty"`     // title of a page, where shorter
	Item      string                 `json:"item"`                // code of the data item under which it is used
	Holders   []gateway.IdentityType `json:"holders"`             // who can hold it
	LifeDays  int                    `json:"life_days,omitempty"` // validity from the day of issue; 0: 长期
	Inspected bool                   `json:"inspected"`           // 年检 applies
	Issuers   []LicenceIssuer        `json:"issuers"`             // 发证清单
	Targets   LicenceTargets         `json:"targets"`
}

// LicenceIssuer is a department that issues a type of licence, in the matters whose
// approval makes one.
type LicenceIssuer struct {
	Department   string   `json:"department"`
	Seal         string   `json:"seal"` // name of the seal's key
	ServiceItems []string `json:"service_items"`
}

// LicenceTargets are what a type is measured by, in per cent; 90 where a file says
// nothing.
type LicenceTargets struct {
	Use         int `json:"use"`          // 用证率
	TimelyIssue int `json:"timely_issue"` // 签发及时率
}

// LicenceType finds a type of licence by its code.
func (c *Catalog) LicenceType(code string) (*LicenceType, bool) { return find(c.licenceTypes, code) }

func (l *loader) licenceType(r *record) {
	t := &LicenceType{
		Code:      r.define("licence type", "code", licenceTypeCode),
		Name:      r.text("name"),
		Short:     r.optional("short"),
		Item:      r.refer("item", "item"),
		LifeDays:  r.count("life_days"),
		Inspected: r.flag("inspected"),
		Targets:   LicenceTargets{usualTarget, usualTarget},
	}
	for _, kind := range r.texts("holders", holderType) {
		t.Holders = append(t.Holders, gateway.IdentityType(kind))
	}
	r.records("issuers", func(i *record) {
		t.Issuers = append(t.Issuers, LicenceIssuer{
			Department: i.refer("department", "department"), Seal: i.text("seal", identifier),
			ServiceItems: i.refers("service item", "service_items"),
		})
	})
	r.inner("targets", func(targets *record) {
		t.Targets = LicenceTargets{Use: targets.percent("use"), TimelyIssue: targets.percent("timely_issue")}
	})
	l.found.licenceTypes[t.Code] = t
}

var (
	threeDigits = regexp.MustCompile(`^[0-9]{3}$`)
	holderType  = form(`^[0-9]{3}$`, "a holder type of 3 digits (GB/T 36903)")
)

// licenceTypeCode follows GB/T 36904: the 18 characters of the defining authority's
// unified social credit code, check digit included, and 3 digits.
func licenceTypeCode(text string) error {
	if len(text) != 21 || !threeDigits.MatchString(text[18:]) {
		return fmt.Errorf("%q is not a unified social credit code and 3 digits (GB/T 36904)", text)
	}
	return gateway.CheckCreditCode(text[:18])
}

var licenceTypeRules = []func(*Catalog, *LicenceType) error{
	licenceTypeHasHolders,
	licenceTypeHasIssuers,
}

func licenceTypeHasHolders(_ *Catalog, t *LicenceType) error {
	if len(t.Holders) == 0 {
		return fmt.Errorf("a licence type says who can hold it")
	}
	return nil
}

func licenceTypeHasIssuers(_ *Catalog, t *LicenceType) error {
	seen := map[string]bool{}
	for _, issuer := range t.Issuers {
		if seen[issuer.Department] {
			return fmt.Errorf("the department %q issues it twice", issuer.Department)
		}
		seen[issuer.Department] = true
	}
	if len(seen) == 0 {
		return fmt.Errorf("a licence type has at least one issuer")
	}
	return nil
}
