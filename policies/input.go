package policies

import (
	"net/netip"
	"time"

	"kapok/gateway"
)

// Input is all that a decision depends on, in plain values. Slices and pointers
// are read, never kept and never written to.
type Input struct {
	Now     time.Time
	System  System
	Item    Item
	Subject string     // the person's subject_ref; never an identity number
	Network netip.Addr // where the call came from; the zero one is not known
	Ask     Ask
	Grant   *Grant // nil: nothing was granted
	Basis   *Basis // nil: none was found

	Template *Template // nil: the matter has none
}

// Template is what the catalogue says a matter needs of an item: the most that a use for
// it may ask for. ID is the matter's code, Version the item's.
type Template struct {
	ID      string
	Version int
	Fields  []string
}

// System is the calling system and the department it belongs to.
type System struct {
	ID         string
	Department string
	Level      string // the department's level: national, province, city, district
	Division   string // the department's division code, GB/T 2260
}

// Item is the data item asked for, as the catalogue has it now.
type Item struct {
	Code       string
	Version    int
	Provider   string  // a department's id
	SharedType string  // 共享类型: 无条件, 有条件 or 不予
	ReturnList bool    // on the 国家部门回流共享专项数据目录
	Fields     []Field // every field of the item
}

// Field is one field (信息项) of an item.
type Field struct {
	Name      string
	Label     string // Chinese
	Sensitive bool   // 敏感个人信息, PIPL 28
}

// Ask is what the caller wants.
type Ask struct {
	Fields      []string
	Operation   gateway.Operation
	ServiceItem string // 事项
	Purpose     string
	CaseNo      string
}

// Grant is the right that the calling system holds over the item.
type Grant struct {
	ID           string
	Department   string
	System       string
	Item         string
	ItemVersion  int
	Fields       []string
	Operations   []gateway.Operation
	ServiceItems []string
	Purposes     []string
	From         time.Time // first moment
	Expires      time.Time // first moment after

	LegalProvision string         // a provision's id
	Hours          []Hours        // when it may be used; none: at any time
	Networks       []netip.Prefix // from where it may be used; none: from anywhere
	RatePerSecond  int            // uses, over all nodes; 0: no limit. Kept on the path, no part of a decision
	DailyQuota     int            // uses on one day of Beijing, over all nodes; 0: no limit. As the rate
}

// Hours is a time of day on some days of the week, in Beijing.
type Hours struct {
	Days  []int // ISO 8601: 1 is Monday, 7 is Sunday
	From  int   // minutes after midnight
	Until int   // first minute after; at most 1440
}

// Basis is why the access is lawful (使用依据), with the state it is in.
type Basis struct {
	ID             string
	Kind           string // CONSENT, SEPARATE_CONSENT, WRITTEN_CONSENT, STATUTORY, EMERGENCY, CONTRACT
	State          string // ACTIVE, or why it is not
	Subject        string // the person's subject_ref; "" is anybody, for STATUTORY only
	Department     string
	System         string
	Item           string
	ItemVersion    int
	Fields         []string
	Operations     []gateway.Operation
	ServiceItem    string
	Purpose        string
	CaseNo         string // "" is any case of the service item
	LegalProvision string // needed for STATUTORY and EMERGENCY
	From           time.Time
	Expires        time.Time // first moment after
}
