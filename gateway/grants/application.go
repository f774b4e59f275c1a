package grants

import (
	"encoding/json"
	"net/netip"
	"slices"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/policies"
)

// Terms are what is asked for, as 政务数据共享条例 20 wants it stated: basis, scene,
// scope, method and time limit.
type Terms struct {
	System         string              `json:"system"`
	Item           string              `json:"item"`
	ItemVersion    int                 `json:"item_version"`
	LegalProvision string              `json:"legal_provision"`  // 依据: a provision's id
	Scene          string              `json:"scene"`            // 使用场景
	Scope          string              `json:"scope"`            // 使用范围
	Method         string              `json:"method"`           // 共享方式
	Expires        time.Time           `json:"expires,omitzero"` // 使用期限
	Fields         []string            `json:"fields"`
	Operations     []gateway.Operation `json:"operations"`
	ServiceItems   []string            `json:"service_items"`
	Purposes       []string            `json:"purposes"`
	RatePerSecond  int                 `json:"rate_per_second"`
	DailyQuota     int                 `json:"daily_quota"`
	Hours          []policies.Hours    `json:"hours,omitempty"`
	Networks       []netip.Prefix      `json:"networks,omitempty"`
	Renews         string              `json:"renews,omitempty"` // the grant that this prolongs
}

// Missing is a part that an application has to state and does not.
type Missing struct {
	Part string `json:"part"` // the member's name
	Zh   string `json:"zh"`
	En   string `json:"en"`
}

// parts are what an application states, in the order in which it is read.
var parts = []struct {
	Missing
	stated func(Terms) bool
}{
	{Missing{"legal_provision", "缺少使用依据(法定条款)", "The legal provision is missing."}, func(t Terms) bool { return t.LegalProvision != "" }},
	{Missing{"scene", "缺少使用场景", "The scene of use is missing."}, func(t Terms) bool { return t.Scene != "" }},
	{Missing{"scope", "缺少使用范围", "The scope of use is missing."}, func(t Terms) bool { return t.Scope != "" }},
	{Missing{"method", "缺少共享方式", "The method of sharing is missing."}, func(t Terms) bool { return t.Method != "" }},
	{Missing{"expires", "缺少使用期限", "The time limit is missing."}, func(t Terms) bool { return !t.Expires.IsZero() }},
	{Missing{"fields", "缺少信息项", "No field is named."}, func(t Terms) bool { return len(t.Fields) > 0 }},
	{Missing{"operations", "缺少使用方式", "No operation is named."}, func(t Terms) bool { return len(t.Operations) > 0 }},
	{Missing{"service_items", "缺少事项", "No service item is named."}, func(t Terms) bool { return len(t.ServiceItems) > 0 }},
	{Missing{"purposes", "缺少用途", "No purpose is named."}, func(t Terms) bool { return len(t.Purposes) > 0 }},
	{Missing{"rate_per_second", "缺少调用频率", "The rate of use is missing."}, func(t Terms) bool { return t.RatePerSecond > 0 }},
	{Missing{"daily_quota", "缺少每日调用量", "The daily quota is missing."}, func(t Terms) bool { return t.DailyQuota > 0 }},
}

// MissingParts lists, at once, all that an application does not state (一次性告知).
func (t Terms) MissingParts() []Missing {
	var list []Missing
	for _, part := range parts {
		if !part.stated(t) {
			list = append(list, part.Missing)
		}
	}
	return list
}

const longestGrant = 5 * 366 * 24 * time.Hour

// check holds what is stated against the catalogue; what is missing is no fault here.
func (t Terms) check(directory *catalog.Catalog, department string, now time.Time) error {
	item, known := directory.Item(t.Item)
	if !known {
		return wrong("/item", "The catalogue holds no such data item.")
	}
	if item.SharedType == catalog.NotShared {
		return gateway.Fail(gateway.Forbidden, "item-not-shared", "The item is not shared (不予共享), so nothing of it can be applied for.")
	}
	if t.ItemVersion != item.Version {
		return wrong("/item_version", "It has to be the version that is in force.")
	}
	if unknown := fieldsOutside(item, t.Fields); len(unknown) > 0 {
		failure := gateway.Fail(gateway.Excess, "fields-unknown", "The item has no such fields; they are named.")
		failure.Field, failure.Fields = "/fields", unknown
		return failure
	}
	for _, rule := range termRules {
		if !rule.holds(t, directory, department) {
			return wrong(rule.field, rule.says)
		}
	}
	if !t.Expires.IsZero() && (!t.Expires.After(now) || t.Expires.Sub(now) > longestGrant) {
		return wrong("/expires", "It lies in the future, five years at most.")
	}
	return nil
}

var termRules = []struct {
	field, says string
	holds       func(Terms, *catalog.Catalog, string) bool
}{
	{"/system", "It is a system of the applicant's department.", func(t Terms, c *catalog.Catalog, department string) bool {
		system, known := c.System(t.System)
		return known && system.Department == department
	}},
	{"/operations", "They are VERIFY, PREDICATE, VIEW or COPY, none twice.", func(t Terms, _ *catalog.Catalog, _ string) bool {
		return once(t.Operations) && !slices.ContainsFunc(t.Operations, func(o gateway.Operation) bool { return !o.Known() })
	}},
	{"/fields", "None stands twice.", func(t Terms, _ *catalog.Catalog, _ string) bool { return once(t.Fields) }},
	{"/service_items", "They are matters that the applicant's department handles.", func(t Terms, c *catalog.Catalog, department string) bool {
		return once(t.ServiceItems) && !slices.ContainsFunc(t.ServiceItems, func(code string) bool {
			matter, known := c.ServiceItem(code)
			return !known || matter.Department != department
		})
	}},
	{"/purposes", "They are purposes of the catalogue.", func(t Terms, c *catalog.Catalog, _ string) bool {
		return once(t.Purposes) && !slices.ContainsFunc(t.Purposes, func(code string) bool {
			_, known := c.Purpose(code)
			return !known
		})
	}},
	{"/legal_provision", "It is a provision of the maintained list that empowers the department in these matters.", func(t Terms, c *catalog.Catalog, department string) bool {
		provision, known := c.Provision(t.LegalProvision)
		return t.LegalProvision == "" || known && slices.Contains(provision.Departments, department) && within(t.ServiceItems, provision.ServiceItems)
	}},
	{"/hours", "Each has days 1 to 7 and ends after it begins, within one day.", func(t Terms, _ *catalog.Catalog, _ string) bool {
		return !slices.ContainsFunc(t.Hours, func(h policies.Hours) bool {
			return len(h.Days) == 0 || slices.Min(h.Days) < 1 || slices.Max(h.Days) > 7 || h.From < 0 || h.Until <= h.From || h.Until > 24*60
		})
	}},
	{"/rate_per_second", "Rate and quota are not negative.", func(t Terms, _ *catalog.Catalog, _ string) bool {
		return t.RatePerSecond >= 0 && t.DailyQuota >= 0
	}},
}

// Within reports whether a provider's answer grants no more than was asked for.
func (t Terms) within(asked Terms) bool {
	return t.System == asked.System && t.Item == asked.Item && t.ItemVersion == asked.ItemVersion && t.LegalProvision == asked.LegalProvision &&
		within(t.Fields, asked.Fields) && within(t.Operations, asked.Operations) && within(t.ServiceItems, asked.ServiceItems) &&
		within(t.Purposes, asked.Purposes) && !t.Expires.After(asked.Expires) &&
		t.RatePerSecond <= asked.RatePerSecond && t.DailyQuota <= asked.DailyQuota &&
		(len(asked.Hours) == 0 || len(t.Hours) > 0) && (len(asked.Networks) == 0 || len(t.Networks) > 0)
}

func fieldsOutside(item *catalog.Item, names []string) []string {
	var unknown []string
	for _, name := range names {
		if _, known := item.Field(name); !known {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func within[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}

func once[T comparable](all []T) bool {
	for i, one := range all {
		if slices.Contains(all[:i], one) {
			return false
		}
	}
	return true
}

func wrong(field, rule string) error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", rule)
	failure.Field = field
	return failure
}

func (m Matter) terms() (Terms, error) {
	var t Terms
	err := json.Unmarshal(m.Document, &t)
	return t, err
}
