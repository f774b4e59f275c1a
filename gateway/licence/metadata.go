package licence

import (
	"fmt"
	"regexp"
	"time"
)

// Element is one element of a licence's metadata, by its name in GB/T 36903-2018 as
// the code that implements the standard spells it.
type Element string

// The elements.
const (
	Name            Element = "certificateName"                 // 证照名称
	TypeName        Element = "certificateTypeName"             // 证照类型名称
	TypeCode        Element = "certificateTypeCode"             // 证照类型代码
	Number          Element = "certificateNumber"               // 证照编号
	IdentifierText  Element = "certificateIdentifier"           // 证照标识
	IssuerName      Element = "certificateIssuingAuthorityName" // 颁发机构
	IssuerCode      Element = "certificateIssuingAuthorityCode" // 颁发机构代码
	IssuedOn        Element = "certificateIssuedDate"           // 颁发日期
	EffectiveOn     Element = "certificateEffectiveDate"        // 有效期起
	ExpiresOn       Element = "certificateExpiringDate"         // 有效期止
	HolderName      Element = "certificateHolderName"           // 持证主体
	HolderCode      Element = "certificateHolderCode"           // 持证主体代码
	HolderTypeName  Element = "certificateHolderTypeName"       // 代码类型名
	HolderType      Element = "certificateHolderTypeCode"       // 代码类型代码
	Area            Element = "certificateAreaCode"             // 行政区划代码
	CopyMadeAt      Element = "certificateCopyCreationTime"     // 加注件制作时间
	CopyMadeBy      Element = "certificateCopyCreator"          // 加注件制作者
	CopyCause       Element = "certificateCopyCause"            // 加注件事由
	CopyExpiresAt   Element = "certificateCopyExpiringTime"     // 加注件有效截止时间
	InspectedUntil  Element = "certificateInspectedUntil"       // 年检有效期止; Kapok's own, an extension everywhere
	CopyCaseNo      Element = "certificateCopyCaseNumber"       // 办件编号 of a copy; Kapok's own
	CopyServiceItem Element = "certificateCopyServiceItem"      // 事项 of a copy; Kapok's own
)

// Metadata is what a licence says of itself: elements of the standard, and what its
// type adds (扩展项), by name. Dates are written 2006-01-02.
type Metadata struct {
	Elements map[Element]string
	Extended map[string]string
}

// Value returns an element, "" where it is absent.
func (m Metadata) Value(e Element) string { return m.Elements[e] }

// With returns a copy with some elements set; an empty value removes one.
func (m Metadata) With(changes map[Element]string) Metadata {
	out := Metadata{Elements: map[Element]string{}, Extended: map[string]string{}}
	for e, value := range m.Elements {
		out.Elements[e] = value
	}
	for name, value := range m.Extended {
		out.Extended[name] = value
	}
	for e, value := range changes {
		if value == "" {
			delete(out.Elements, e)
			continue
		}
		out.Elements[e] = value
	}
	return out
}

// LongTerm is how a licence without an end says so in its expiry.
const LongTerm = "长期"

// The oddities of metadata.
const (
	DateForm Oddity = "date-form" // a date is read, but not written as the standard writes it
	DateLost Oddity = "date-unreadable"
	Repeated Oddity = "element-repeated"
	Unquoted Oddity = "extension-not-json" // data_fields with single quotes, as some systems send it
)

var dates = []Element{IssuedOn, EffectiveOn, ExpiresOn, InspectedUntil}

var dateLayouts = []string{"20060102", "2006年01月02日", "2006年1月2日", "2006/01/02", "2006.01.02", "2006-1-2", "2006-01-02 15:04:05", time.RFC3339}

var endless = regexp.MustCompile(`^(长期|永久|长期有效|9999.*)$`)

// readDate writes a date as 2006-01-02 whatever way it came; what cannot be read stays
// as it is.
func readDate(value string) (string, []Oddity) {
	if value == "" || value == LongTerm {
		return value, nil
	}
	if _, err := time.Parse(time.DateOnly, value); err == nil {
		return value, nil
	}
	if endless.MatchString(value) {
		return LongTerm, []Oddity{DateForm}
	}
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, value); err == nil {
			return at.Format(time.DateOnly), []Oddity{DateForm}
		}
	}
	return value, []Oddity{DateLost}
}

// clean puts the dates in the standard's form and names what was odd.
func (m Metadata) clean() []Oddity {
	var odd []Oddity
	for _, element := range dates {
		value, held := m.Elements[element]
		if !held {
			continue
		}
		read, found := readDate(value)
		m.Elements[element] = read
		odd = append(odd, found...)
	}
	return odd
}

// ExpiredOn reports whether the licence's validity had ended by the day of now, in
// Beijing. It is valid through its last day; one without an end, or with an end that
// cannot be read, is not called expired.
func (m Metadata) ExpiredOn(now time.Time) bool {
	end, err := time.ParseInLocation(time.DateOnly, m.Value(ExpiresOn), Beijing())
	return err == nil && !now.Before(end.AddDate(0, 0, 1))
}

// Beijing needs no time zone data on the machine: China has had one zone without
// summer time since 1992.
func Beijing() *time.Location { return time.FixedZone("CST", 8*60*60) }

// required are the elements without which a licence is not issued.
var required = []Element{Name, TypeName, TypeCode, Number, IdentifierText, IssuerName, IssuerCode, IssuedOn, HolderName, HolderCode, HolderType}

// Check names the first element that is missing or breaks its form.
func (m Metadata) Check() error {
	for _, element := range required {
		if m.Value(element) == "" {
			return fmt.Errorf("licence: the element %s is missing", element)
		}
	}
	for _, element := range dates {
		if value := m.Value(element); value != "" && value != LongTerm {
			if _, err := time.Parse(time.DateOnly, value); err != nil {
				return fmt.Errorf("licence: the element %s is not a date", element)
			}
		}
	}
	return nil
}
