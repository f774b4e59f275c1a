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
// when a condition asks for them, which few do.
type world struct {
	in                           *Input
	system, department, provider cedar.EntityUID
	item                         cedar.EntityUID
	climbs                       bool // some condition asks what stands in what
}

func worldOf(in *Input) world {
	return world{
		in:         in,
		system:     uid(systemType, in.System.ID),
		department: uid(departmentType, in.System.Department),
		item:       uid(itemType, in.Item.Code),
		provider:   uid(departmentType, in.Item.Provider),
	}
}

// Get makes an entity. Departments have nothing to tell.
func (w *world) Get(asked cedar.EntityUID) (cedar.Entity, bool) {
	switch asked {
	case w.item:
		return cedar.Entity{UID: asked, Parents: w.parent(w.provider), Attributes: itemAttributes[itemFacts{w.in.Item.SharedType, w.in.Item.ReturnList}]}, true
	case w.system:
		return cedar.Entity{UID: asked, Parents: w.parent(w.department), Attributes: w.systemAttributes()}, true
	}
	return cedar.Entity{}, false
}

func (w *world) systemAttributes() cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"level":    cedar.String(w.in.System.Level),
		"division": cedar.String(w.in.System.Division),
	})
}

func (w *world) parent(of cedar.EntityUID) cedar.EntityUIDSet {
	if !w.climbs {
		return cedar.EntityUIDSet{}
	}
	return cedar.NewEntityUIDSet(of)
}

// itemFacts is all that the schema tells of an item. There are so few different
// ones that their records are made once. An item of no known sharing type has none
// and never comes here; a policy that read it would fail, and so refuse.
type itemFacts struct {
	shared     string
	returnList bool
}

var itemAttributes = map[itemFacts]cedar.Record{
	{"无条件", false}: attributesOf("无条件", false),
	{"无条件", true}:  attributesOf("无条件", true),
	{"有条件", false}: attributesOf("有条件", false),
	{"有条件", true}:  attributesOf("有条件", true),
}

func attributesOf(shared string, returnList bool) cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"shared":      uid(sharingType, shared),
		"return_list": cedar.Boolean(returnList),
	})
}

// request makes what the candidates read, and no more.
func (w *world) request(readers candidates, made *contexts) cedar.Request {
	w.climbs = readers.climb()
	return cedar.Request{
		Principal: w.system,
		Action:    uid(actionType, string(w.in.Ask.Operation)),
		Resource:  w.item,
		Context:   made.of(w.in, readers.reads()),
	}
}

func texts(names []string) cedar.Set {
	values := make([]cedar.Value, len(names))
	for i, name := range names {
		values[i] = cedar.String(name)
	}
	return cedar.NewSet(values...)
}
