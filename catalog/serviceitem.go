package catalog

import "slices"

// ServiceItem is a matter that people come to government for (政务服务事项).
type ServiceItem struct {
	Code       string     `json:"code"` // 事项编码, 31 characters
	Name       string     `json:"name"`
	Department string     `json:"department"` // who handles it (实施主体)
	Materials  []Material `json:"materials"`  // 申请材料
	Targets    Targets    `json:"targets"`
	Needs      []Need     `json:"needs,omitempty"`
}

// Need is the most that a matter may use of one item (最小必要), whoever handles it and
// whatever was granted. Of an item that is not listed the grant is the bound.
type Need struct {
	Item   string   `json:"item"`
	Fields []string `json:"fields"`
}

// Material is something that an applicant had to hand in (申请材料).
type Material struct {
	Code       string   `json:"code,omitempty"` // 材料编码
	Name       string   `json:"name"`
	ReplacedBy []string `json:"replaced_by"` // codes of the items, those of licence types included, that make it needless (免提交)
}

// Targets are what a matter is measured by, in per cent. What a file leaves out is 90,
// the mark that the work plans for 免证办 set.
type Targets struct {
	Materials   int `json:"materials"`    // 材料免提交率
	LicenceUse  int `json:"licence_use"`  // 用证率
	SealUse     int `json:"seal_use"`     // 用章率
	TimelyIssue int `json:"timely_issue"` // 签发及时率
}

const usualTarget = 90

func (l *loader) serviceItem(r *record) {
	s := &ServiceItem{
		Code:       r.define("service item", "code", serviceCode),
		Name:       r.text("name"),
		Department: r.refer("department", "department"),
	}
	r.records("materials", func(m *record) {
		s.Materials = append(s.Materials, Material{Code: m.optional("code", materialCode), Name: m.text("name"), ReplacedBy: m.refers("item", "replaced_by")})
	})
	s.Targets = Targets{usualTarget, usualTarget, usualTarget, usualTarget}
	r.inner("targets", func(t *record) {
		s.Targets = Targets{
			Materials: t.percent("materials"), LicenceUse: t.percent("licence_use"),
			SealUse: t.percent("seal_use"), TimelyIssue: t.percent("timely_issue"),
		}
	})
	r.list("needs", func(n *record) {
		need := Need{Item: n.refer("item", "item"), Fields: n.texts("fields", fieldName)}
		if slices.ContainsFunc(s.Needs, func(n Need) bool { return n.Item == need.Item }) {
			n.loader.report(n.at, "the item %q stands among the needs twice", need.Item)
			return
		}
		s.Needs = append(s.Needs, need)
		l.needed = append(l.needed, needed{s.Code, need, n.at})
	})
	l.found.serviceItems[s.Code] = s
}

// needed is a need at its place.
type needed struct {
	matter string
	need   Need
	at     place
}

// needs reports what a matter cannot need: fields that the item does not have.
func (l *loader) needs() {
	for _, n := range l.needed {
		for _, field := range n.need.Fields {
			if _, known := l.found.items[n.need.Item].Field(field); !known {
				l.report(n.at, "service item %q: the item %q has no field %q", n.matter, n.need.Item, field)
			}
		}
		if len(n.need.Fields) == 0 {
			l.report(n.at, "service item %q: a need names at least one field", n.matter)
		}
	}
}
