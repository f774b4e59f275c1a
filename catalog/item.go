package catalog

import (
	"regexp"
	"slices"
	"time"

	"kapok/gateway"
)

// SharedType is the sharing type (共享类型) of 政务数据共享条例, by which a provider
// must answer an application.
type SharedType string

// The three sharing types.
const (
	Unconditional SharedType = "无条件"
	Conditional   SharedType = "有条件"
	NotShared     SharedType = "不予"
)

// Item is a data item (目录条目) with the elements that 政务信息资源目录编制指南 asks for.
type Item struct {
	Code           string                 `json:"code"`                      // 代码: 类项目细目/顺序码
	Version        int                    `json:"version"`                   // grants and bases name the version they were given for
	Name           string                 `json:"name"`                      // 名称
	Provider       string                 `json:"provider"`                  // 提供方, a [Department]'s id
	Abstract       string                 `json:"abstract"`                  // 摘要
	Format         string                 `json:"format"`                    // 格式
	Subjects       []gateway.IdentityType `json:"subjects"`                  // whom it may be asked about
	SharedType     SharedType             `json:"shared_type"`               // 共享类型
	Condition      string                 `json:"condition"`                 // 共享条件
	Method         string                 `json:"method"`                    // 共享方式
	UpdateCycle    string                 `json:"update_cycle"`              // 更新周期
	Published      time.Time              `json:"-"`                         // 发布日期
	Related        []string               `json:"related"`                   // 关联资源代码
	UseConditions  string                 `json:"use_conditions"`            // 使用条件
	OpenType       OpenType               `json:"open_type,omitempty"`       // 开放属性
	OpenCondition  string                 `json:"open_condition,omitempty"`  // 开放条件
	Cache          time.Duration          `json:"-"`                         // how long an answer may be kept; 0: never
	Freshness      time.Duration          `json:"-"`                         // how old the source's data may be; 0: it says nothing
	ReturnList     bool                   `json:"return_list"`               // on the 国家部门回流共享专项数据目录
	Source         string                 `json:"source,omitempty"`          // a [Source]'s id; empty only for 不予
	SourceSettings map[string]string      `json:"source_settings,omitempty"` // the connector's, for this item
	Fields         []Field                `json:"fields"`                    // 信息项

	byName map[string]int
}

// Field is one field (信息项) of an item.
type Field struct {
	Name       string    `json:"name"`              // in requests, grants and answers
	Label      string    `json:"label"`             // 信息项名称, Chinese
	Type       FieldType `json:"type"`              // 数据类型
	Sensitive  bool      `json:"sensitive"`         // 敏感个人信息, PIPL 28
	Required   bool      `json:"required"`          // the source must hold a value
	Pattern    string    `json:"pattern,omitempty"` // what a value looks like
	SourceName string    `json:"source_name"`       // what the source calls it; [Field.Name] where it says the same
	Check      string    `json:"check,omitempty"`   // whose check digit a value has: citizen-id, credit-code
	Min        string    `json:"min,omitempty"`     // the least value, of the field's type
	Max        string    `json:"max,omitempty"`     // the greatest value

	pattern *regexp.Regexp
}

// OpenType says whether the public may have an item (开放属性).
type OpenType string

// The opening types of the guide to compiling catalogues (政务信息资源目录编制指南).
const (
	OpenToAll       OpenType = "无条件开放"
	OpenOnCondition OpenType = "有条件开放"
	NotOpen         OpenType = "不予开放"
)

// FieldType is the type of a field's value, which is text on every path.
type FieldType string

// types says what a value of each type looks like.
var types = map[FieldType]func(value string) bool{
	"string":   func(string) bool { return true },
	"integer":  regexp.MustCompile(`^-?[0-9]{1,18}$`).MatchString,
	"decimal":  regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,9})?$`).MatchString,
	"boolean":  regexp.MustCompile(`^(true|false)$`).MatchString,
	"date":     parses(time.DateOnly),
	"month":    parses("2006-01"),
	"datetime": parses(time.RFC3339),
}

func parses(layout string) func(string) bool {
	return func(value string) bool {
		_, err := time.Parse(layout, value)
		return err == nil
	}
}

// Field finds a field by its name.
func (i *Item) Field(name string) (*Field, bool) {
	at, known := i.byName[name]
	if !known {
		return nil, false
	}
	return &i.Fields[at], true
}

// Serves reports whether the item may be asked about such a subject.
func (i *Item) Serves(kind gateway.IdentityType) bool { return slices.Contains(i.Subjects, kind) }

// Accepts reports whether a source's value is one that this field can have. An
// empty value means that the source holds none.
func (f *Field) Accepts(value string) bool {
	if value == "" {
		return !f.Required
	}
	return types[f.Type](value) && (f.pattern == nil || f.pattern.MatchString(value)) &&
		(f.Check == "" || digits[f.Check](value) == nil) && f.within(value)
}

func (l *loader) item(r *record) {
	i := &Item{
		Code:          r.define("item", "code", itemCode),
		Version:       r.number("version"),
		Name:          r.text("name"),
		Provider:      r.refer("department", "provider"),
		Abstract:      r.text("abstract"),
		Format:        r.text("format"),
		SharedType:    SharedType(r.text("shared_type", oneOf(Unconditional, Conditional, NotShared))),
		Condition:     r.text("condition"),
		Method:        r.text("method"),
		UpdateCycle:   r.text("update_cycle"),
		Published:     r.date("published"),
		Related:       r.refers("item", "related"),
		UseConditions: r.text("use_conditions"),
		OpenType:      OpenType(r.optional("open_type", oneOf(OpenToAll, OpenOnCondition, NotOpen))),
		OpenCondition: r.optional("open_condition"),
		Cache:         r.span("cache", 24*time.Hour),
		Freshness:     r.span("freshness", 10*366*24*time.Hour),
		ReturnList:    r.flag("return_list"),
		byName:        map[string]int{},
	}
	for _, kind := range r.texts("subjects", oneOf(gateway.CitizenID, gateway.CreditCode)) {
		i.Subjects = append(i.Subjects, gateway.IdentityType(kind))
	}
	if i.SharedType != NotShared {
		i.Source = r.refer("source", "source")
		i.SourceSettings = r.settings("source_settings")
	}
	r.records("fields", i.field)
	l.found.items[i.Code] = i
}

func (i *Item) field(r *record) {
	f := Field{
		Name:       r.text("name", fieldName),
		Label:      r.text("label"),
		Type:       FieldType(r.text("type", knownType)),
		Sensitive:  r.flag("sensitive"),
		Required:   r.flag("required"),
		Pattern:    r.optional("pattern", r.loader.expression),
		SourceName: r.optional("source_name"),
		Check:      r.optional("check", knownDigit),
		Min:        r.optional("min"),
		Max:        r.optional("max"),
	}
	f.bounds(r)
	if _, twice := i.byName[f.Name]; twice {
		r.loader.report(r.at, "the field %q stands here twice", f.Name)
		return
	}
	if f.SourceName == "" {
		f.SourceName = f.Name
	}
	f.pattern = r.loader.patterns[f.Pattern]
	i.byName[f.Name] = len(i.Fields)
	i.Fields = append(i.Fields, f)
}

func knownType(text string) error {
	if _, known := types[FieldType(text)]; known {
		return nil
	}
	return oneOf("string", "integer", "decimal", "boolean", "date", "month", "datetime")(text)
}
