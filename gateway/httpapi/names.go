package httpapi

import (
	"strings"

	"kapok/catalog"
	"kapok/gateway/basis"
)

// names gives ids of the catalogue their names, so that people can read an answer.
// What the catalogue no longer holds keeps its id alone.
type names struct{ catalog func() *catalog.Catalog }

func (n names) department(id string) Named {
	if found, ok := n.catalog().Department(id); ok {
		return Named{ID: id, Name: found.Name}
	}
	return Named{ID: id}
}

func (n names) system(id string) Named {
	if found, ok := n.catalog().System(id); ok {
		return Named{ID: id, Name: found.Name}
	}
	return Named{ID: id}
}

func (n names) item(code string) Named {
	if found, ok := n.catalog().Item(code); ok {
		return Named{ID: code, Name: found.Name}
	}
	return Named{ID: code}
}

func (n names) serviceItem(code string) Named {
	if found, ok := n.catalog().ServiceItem(code); ok {
		return Named{ID: code, Name: found.Name}
	}
	return Named{ID: code}
}

func (n names) purpose(code string) Named {
	if found, ok := n.catalog().Purpose(code); ok {
		return Named{ID: code, Name: found.Label}
	}
	return Named{ID: code}
}

func (n names) fields(itemCode string, fields []string) []NamedField {
	item, known := n.catalog().Item(itemCode)
	out := make([]NamedField, 0, len(fields))
	for _, name := range fields {
		named := NamedField{Name: name}
		if known {
			if field, ok := item.Field(name); ok {
				named.Label = field.Label
			}
		}
		out = append(out, named)
	}
	return out
}

// basis shows an access basis.
func (n names) basis(b basis.Basis, state basis.State) Basis {
	shown := Basis{
		ID: b.ID, Kind: BasisKind(b.Kind), State: BasisState(state),
		Department: n.department(b.Department), System: n.system(b.System), Provider: n.department(b.Provider),
		Item: n.item(b.Item), ItemVersion: b.ItemVersion, Fields: n.fields(b.Item, b.Fields),
		ServiceItem: n.serviceItem(b.ServiceItem), Purpose: n.purpose(b.Purpose), CaseNo: b.CaseNo,
		From: b.From, Expires: b.Expires, EraseAt: b.EraseAt,
	}
	for _, operation := range b.Operations {
		shown.Operations = append(shown.Operations, Operation(operation))
	}
	if law := b.LegalProvision; law != (basis.LegalProvision{}) {
		shown.LegalProvision = LegalProvision{ID: law.ID, Law: law.Law, Article: law.Article}
	}
	return shown
}

// list splits what the ledger keeps as a,b,c; "" is the empty list.
func list(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, ",")
}
