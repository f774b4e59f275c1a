package catalog

// ServiceItem is a matter that people come to government for (政务服务事项).
type ServiceItem struct {
	Code       string     `json:"code"` // 事项编码, 31 characters
	Name       string     `json:"name"`
	Department string     `json:"department"` // who handles it (实施主体)
	Materials  []Material `json:"materials"`  // 申请材料
}

// Material is something that an applicant had to hand in (申请材料).
type Material struct {
	Name       string   `json:"name"`
	ReplacedBy []string `json:"replaced_by"` // codes of the items that make it needless (免提交)
}

func (l *loader) serviceItem(r *record) {
	s := &ServiceItem{
		Code:       r.define("service item", "code", serviceCode),
		Name:       r.text("name"),
		Department: r.refer("department", "department"),
	}
	r.records("materials", func(m *record) {
		s.Materials = append(s.Materials, Material{Name: m.text("name"), ReplacedBy: m.refers("item", "replaced_by")})
	})
	l.found.serviceItems[s.Code] = s
}
