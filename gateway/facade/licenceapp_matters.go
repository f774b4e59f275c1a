package facade

import "kapok/catalog"

// Matter is a matter in which a system may use licences.
type Matter struct {
	Code     string          `json:"service_item_code"`
	Name     string          `json:"name"`
	Licences []MatterLicence `json:"licenses"`
}

// MatterLicence is a type of licence that may be used there.
type MatterLicence struct {
	Code string `json:"license_item_code"`
	Name string `json:"name"`
}

// Matters answers service_item/list: 事项与证照关系, as granted.
func (s *LicenceApp) Matters(system *catalog.System) []Matter {
	found := []Matter{}
	for matter := range s.Catalog().ServiceItems() {
		m := Matter{Code: matter.Code, Name: matter.Name}
		for _, kind := range s.usable(system, matter.Code) {
			m.Licences = append(m.Licences, MatterLicence{kind.code, kind.name})
		}
		if len(m.Licences) > 0 {
			found = append(found, m)
		}
	}
	return found
}
