package gateway

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// IdentityType is a holder type code as GB/T 36903-2018 has it.
type IdentityType string

const (
	CitizenID  IdentityType = "111" // 公民身份号码, GB 11643-1999, 18 characters
	CreditCode IdentityType = "001" // 统一社会信用代码, GB 32100-2015, 18 characters
)

// The documents of those who hold no resident identity card; the codes are those of
// 常用证件代码 (GA/T 517). The rules are in documents.go.
const (
	ResidencePermit    IdentityType = "154" // 港澳台居民居住证, 18 characters by GB 11643, 81, 82 or 83 first
	Passport           IdentityType = "414" // 普通护照
	TaiwanPermit       IdentityType = "511" // 台湾居民来往大陆通行证
	HongKongMacaoEntry IdentityType = "516" // 港澳居民来往内地通行证
	PermanentResidence IdentityType = "553" // 外国人永久居留身份证
)

// Identity names one person or organisation. Its number is personal data: it is
// printed masked, and it enters no log, URL, metric or error text.
type Identity struct {
	Type   IdentityType
	number string
}

// ParseIdentity checks the number by the rule of its type, check digit included.
// The error names the rule and never holds the number.
func ParseIdentity(kind IdentityType, number string) (Identity, error) {
	check, known := identityRules[kind]
	if !known {
		return Identity{}, fmt.Errorf("identity type is not one of 111, 001, 154, 414, 511, 516, 553")
	}
	if err := check(number); err != nil {
		return Identity{}, err
	}
	return Identity{Type: kind, number: number}, nil
}

var identityRules = map[IdentityType]func(string) error{
	CitizenID:  checkCitizenID,
	CreditCode: CheckCreditCode,

	ResidencePermit:    checkResidencePermit,
	Passport:           checkPassport,
	TaiwanPermit:       checkTaiwanPermit,
	HongKongMacaoEntry: checkHongKongMacaoPermit,
	PermanentResidence: checkPermanentResidence,
}

// IdentityTypes lists every type that [ParseIdentity] knows.
func IdentityTypes() []IdentityType {
	return []IdentityType{CitizenID, CreditCode, ResidencePermit, Passport, TaiwanPermit, HongKongMacaoEntry, PermanentResidence}
}

// Number returns the number itself, for the source that is asked and for the
// keyed look-up. It goes nowhere else.
func (id Identity) Number() string { return id.number }

// Born is the date of birth that the number tells (GB 11643, characters 7 to 14), at
// midnight UTC; false where numbers of the type tell none.
func (id Identity) Born() (time.Time, bool) {
	if id.Type != CitizenID && id.Type != ResidencePermit {
		return time.Time{}, false
	}
	born, err := time.Parse("20060102", id.number[6:14])
	return born, err == nil
}

// IsZero reports whether id names nobody.
func (id Identity) IsZero() bool { return id.number == "" }

// String masks all but the type.
func (id Identity) String() string { return string(id.Type) + ":***" }

// GoString masks as [Identity.String] does.
func (id Identity) GoString() string { return id.String() }

// LogValue masks as [Identity.String] does.
func (id Identity) LogValue() slog.Value { return slog.StringValue(id.String()) }

// checkCitizenID follows GB 11643-1999: 17 digits, a real date of birth in
// positions 7 to 14, and a check character by ISO 7064 MOD 11-2.
func checkCitizenID(number string) error {
	if len(number) != 18 {
		return fmt.Errorf("a citizen's identity number has 18 characters (GB 11643)")
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		digit := number[i]
		if digit < '0' || digit > '9' {
			return fmt.Errorf("the first 17 characters of a citizen's identity number are digits (GB 11643)")
		}
		sum += int(digit-'0') * weight
	}
	if _, err := time.Parse("20060102", number[6:14]); err != nil {
		return fmt.Errorf("characters 7 to 14 of a citizen's identity number are a date (GB 11643)")
	}
	if number[17] != "10X98765432"[sum%11] {
		return fmt.Errorf("the check character of a citizen's identity number is wrong (GB 11643)")
	}
	return nil
}

const creditCodeAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CheckCreditCode follows GB 32100-2015: 18 characters of an alphabet without
// I, O, S, V and Z, and a check character of MOD 31 with weights 3^i.
func CheckCreditCode(code string) error {
	if len(code) != 18 {
		return fmt.Errorf("a unified social credit code has 18 characters (GB 32100)")
	}
	sum, weight := 0, 1
	for i := range 17 {
		value := strings.IndexByte(creditCodeAlphabet, code[i])
		if value < 0 {
			return fmt.Errorf("a unified social credit code has digits and capitals without I, O, S, V, Z (GB 32100)")
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	if code[17] != creditCodeAlphabet[(31-sum%31)%31] {
		return fmt.Errorf("the check character of a unified social credit code is wrong (GB 32100)")
	}
	return nil
}
