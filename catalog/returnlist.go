package catalog

import (
	"fmt"
	"time"
)

// Returned is one entry of the national list of data that goes back to where it is
// needed (国家部门回流共享专项数据目录).
type Returned struct {
	Code        string    `json:"code"`     // 目录代码 on the national list
	Name        string    `json:"name"`     // 数据名称
	Provider    string    `json:"provider"` // the national department, a [Department]'s id
	UpdateCycle string    `json:"update_cycle"`
	Listed      time.Time `json:"-"`              // the day it was put on the list
	Item        string    `json:"item,omitempty"` // code of the item that brings it here; empty: not connected yet
}

// ReturnListed finds an entry of the national return list by its code.
func (c *Catalog) ReturnListed(code string) (*Returned, bool) { return find(c.returned, code) }

func (l *loader) returnListed(r *record) {
	e := &Returned{
		Code:        r.define("return list entry", "code", materialCode),
		Name:        r.text("name"),
		Provider:    r.refer("department", "provider"),
		UpdateCycle: r.text("update_cycle"),
		Listed:      r.date("listed"),
	}
	if _, named := r.value("item"); named {
		e.Item = r.refer("item", "item")
	}
	l.found.returned[e.Code] = e
}

var returnedRules = []func(*Catalog, *Returned) error{
	returnedIsMarked,
	returnedIsNational,
}

func returnedIsMarked(c *Catalog, e *Returned) error {
	if e.Item != "" && !c.items[e.Item].ReturnList {
		return fmt.Errorf("the item %q does not say return_list: true", e.Item)
	}
	return nil
}

func returnedIsNational(c *Catalog, e *Returned) error {
	if c.departments[e.Provider].Level != National {
		return fmt.Errorf("the provider is not a national department")
	}
	return nil
}
