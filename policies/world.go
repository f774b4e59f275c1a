package policies

import (
	"github.com/cedar-policy/cedar-go"
)

// The entity types of schema.cedarschema.
const (
	departmentType cedar.EntityType = "Department"
	systemType     cedar.EntityType = "System"
	itemType       cedar.EntityType = "Item"
	sharingType    cedar.EntityType = "Sharing"
	basisType      cedar.EntityType = "Basis"
	actionType     cedar.EntityType = "Action"
)

func uid(kind cedar.EntityType, id string) cedar.EntityUID {
	return cedar.NewEntityUID(kind, cedar.String(id))
}

// world shows one request to Cedar as the schema describes it. Entities are made
// when a policy asks for them, which few do.
type world struct {
	in                           *Input
	system, department, provider cedar.EntityUID
	item                         cedar.EntityUID
}

func worldOf(in *Input) *world {
	return &world{
		in:         in,
		system:     uid(systemType, in.System.ID),
		department: uid(departmentType, in.System.Department),
		item:       uid(itemType, in.Item.Code),
		provider:   uid(departmentType, in.Item.Provider),
	}
}

// Get makes an entity. What is known of a department is known of the caller's only.
func (w *world) Get(asked cedar.EntityUID) (cedar.Entity, bool) {
	switch asked {
	case w.system:
		return cedar.Entity{UID: asked, Parents: cedar.NewEntityUIDSet(w.department)}, true
	case w.item:
		return cedar.Entity{UID: asked, Parents: cedar.NewEntityUIDSet(w.provider), Attributes: cedar.NewRecord(cedar.RecordMap{
			"shared":      uid(sharingType, w.in.Item.SharedType),
			"return_list": cedar.Boolean(w.in.Item.ReturnList),
		})}, true
	case w.department:
		return cedar.Entity{UID: asked, Attributes: cedar.NewRecord(cedar.RecordMap{
			"level":    cedar.String(w.in.System.Level),
			"division": cedar.String(w.in.System.Division),
		})}, true
	}
	return cedar.Entity{}, false
}

func (w *world) request() cedar.Request {
	return cedar.Request{
		Principal: w.system,
		Action:    uid(actionType, string(w.in.Ask.Operation)),
		Resource:  w.item,
		Context:   w.context(),
	}
}

func (w *world) context() cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"fields":       texts(w.in.Ask.Fields),
		"sensitive":    texts(sensitive(w.in)),
		"service_item": cedar.String(w.in.Ask.ServiceItem),
		"purpose":      cedar.String(w.in.Ask.Purpose),
		"basis":        uid(basisType, w.in.Basis.Kind),
		"case_bound":   cedar.Boolean(w.in.Basis.CaseNo != ""),
	})
}

func texts(names []string) cedar.Set {
	values := make([]cedar.Value, len(names))
	for i, name := range names {
		values[i] = cedar.String(name)
	}
	return cedar.NewSet(values...)
}
