package catalog

// Provision is an article of law on the maintained list (法定依据清单): these
// departments may use data for these matters without consent. A statutory basis
// names one of them.
type Provision struct {
	ID           string   `json:"id"`
	Law          string   `json:"law"`           // 法律法规
	Article      string   `json:"article"`       // 条款
	Text         string   `json:"text"`          // one sentence in plain words, not the law's own wording
	Departments  []string `json:"departments"`   // whom it empowers
	ServiceItems []string `json:"service_items"` // in which matters
}

// Purpose is a reason for using data (用途).
type Purpose struct {
	Code    string `json:"code"`
	Label   string `json:"label"` // Chinese
	English string `json:"english"`
}

func (l *loader) provision(r *record) {
	p := &Provision{
		ID:           r.define("provision", "id", identifier),
		Law:          r.text("law"),
		Article:      r.text("article"),
		Text:         r.text("text"),
		Departments:  r.refers("department", "departments"),
		ServiceItems: r.refers("service item", "service_items"),
	}
	l.found.provisions[p.ID] = p
}

func (l *loader) purpose(r *record) {
	p := &Purpose{Code: r.define("purpose", "code", identifier), Label: r.text("label"), English: r.text("english")}
	l.found.purposes[p.Code] = p
}
