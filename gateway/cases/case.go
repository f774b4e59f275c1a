package cases

import (
	"slices"
	"strconv"
	"time"

	"kapok/catalog"
)

// Key names a case. A number is the department's own.
type Key struct {
	Department  string
	ServiceItem string
	Number      string // 办件编号 (biz_num)
}

// Met says how a material stands.
type Met string

// How a material can stand.
const (
	Open   Met = "open"   // nobody has said yet
	ByData Met = "met"    // by a licence or a data item: never to be asked for again
	Paper  Met = "paper"  // handed in by the applicant
	Waived Met = "waived" // not needed in this case (容缺, 告知承诺)
)

// Material is one material of a case.
type Material struct {
	Code        string
	Replaceable bool // a licence or data item could meet it
	Met         Met
	Item        string // that met it
	Licence     bool   // the item is a licence
	Exchange    string // that proves it
	At          time.Time
}

// Demand is somebody's asking for a material on paper.
type Demand struct {
	ID       string
	Key      Key
	Material string
	Step     string // in which step of the case: 受理, 审查, 决定 …
	Officer  string
	System   string // "": at Kapok's desk
	Refused  bool   // by the rule
	At       time.Time
}

// Document is what a decision hands out.
type Document struct {
	Name string
	Seal Seal
}

// Seal says what a document bears.
type Seal string

// The seals.
const (
	Electronic Seal = "electronic"
	Ink        Seal = "ink"
	NoSeal     Seal = "none"
)

// Case is what is known of a case.
type Case struct {
	Key
	SubjectRef string // of whom the data was that met a material; "": nobody's
	Accepted   time.Time
	Decided    time.Time
	Materials  []Material // as the catalogue listed them at 受理
	Demands    []Demand   // earliest first
	Documents  []Document
}

// material finds a material; the second value is false where the case has none such.
func (c *Case) material(code string) (*Material, bool) {
	at := slices.IndexFunc(c.Materials, func(m Material) bool { return m.Code == code })
	if at < 0 {
		return nil, false
	}
	return &c.Materials[at], true
}

// CodeOf is the code of a matter's material: the catalogue's, or its place in the list.
func CodeOf(matter *catalog.ServiceItem, at int) string {
	if code := matter.Materials[at].Code; code != "" {
		return code
	}
	return strconv.Itoa(at + 1)
}

// listed are a matter's materials as they stand before anybody said anything.
func listed(matter *catalog.ServiceItem) []Material {
	out := make([]Material, len(matter.Materials))
	for i, m := range matter.Materials {
		out[i] = Material{Code: CodeOf(matter, i), Replaceable: len(m.ReplacedBy) > 0, Met: Open}
	}
	return out
}
