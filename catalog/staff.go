package catalog

// Role is what a member of staff may do at Kapok's desks.
type Role string

// The roles. Nobody both applies for something and approves it.
const (
	Bureau   Role = "bureau"   // runs the node: statutory bases, overview (数据管理局经办)
	Approver Role = "approver" // the second person (复核)
	Auditor  Role = "auditor"  // reads everything, changes nothing (审计)
	Provider Role = "provider" // speaks for a department that owns data (数据提供部门)
	Consumer Role = "consumer" // speaks for a department that uses data (数据需求部门)
)

// Staff is a person of a department who signs in to Kapok's desks (工作人员).
type Staff struct {
	Issuer     string `json:"issuer"`  // who signs them in: the identity provider's issuer
	Subject    string `json:"subject"` // its name for them (sub)
	Name       string `json:"name"`
	Roles      []Role `json:"roles"`
	Department string `json:"department"`
	OfficerRef string `json:"officer_ref,omitempty"` // what the department's systems call them, so that nobody confirms their own request

	written string // the issuer as the file has it, its placeholder open
}

// Has reports whether the person holds a role.
func (s *Staff) Has(role Role) bool {
	for _, held := range s.Roles {
		if held == role {
			return true
		}
	}
	return false
}

func (l *loader) staff(r *record) {
	s := &Staff{
		Issuer:     r.text("issuer", l.placeholdersKnown),
		Subject:    r.text("subject"),
		Name:       r.text("name"),
		Department: r.refer("department", "department"),
		OfficerRef: r.optional("officer_ref"),
	}
	for _, role := range r.texts("roles", oneOf(Bureau, Approver, Auditor, Provider, Consumer)) {
		s.Roles = append(s.Roles, Role(role))
	}
	s.written = s.Issuer
	l.define("member of staff", s.Issuer+" "+s.Subject, r.at)
	l.found.staff[staffKey{s.Issuer, s.Subject}] = s
}
