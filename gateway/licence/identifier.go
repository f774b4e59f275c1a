package licence

import (
	"fmt"
	"regexp"
	"strings"

	"kapok/gateway"
)

// Root is the object identifier under which all licences are named (GB/T 36904-2018).
const Root = "1.2.156.3005.2"

// Identifier is a licence's identifier (电子证照标识) by GB/T 36904-2018:
// root . type . issuer . serial . version . check.
type Identifier struct {
	Type    string // 证照类型代码: the defining authority's credit code and 3 digits
	Issuer  string // 颁发机构代码: credit code
	Serial  string // 流水号, 1 to 32 letters and digits
	Version string // 版本号, 3 digits
	Check   byte   // ISO 7064 MOD 37,36 over the four parts without dots; 0 where it is missing
}

// NewIdentifier makes an identifier with its check character. The error names the
// part that breaks its rule and never holds it.
func NewIdentifier(kind, issuer, serial string, version int) (Identifier, error) {
	id := Identifier{Type: kind, Issuer: issuer, Serial: serial, Version: fmt.Sprintf("%03d", version)}
	if odd := id.parts(); len(odd) > 0 {
		return Identifier{}, fmt.Errorf("licence: identifier: %s", odd[0].Says())
	}
	id.Check, _ = checkCharacter(id.Type + id.Issuer + id.Serial + id.Version) // the parts are of its alphabet
	return id, nil
}

// String writes the identifier.
func (id Identifier) String() string {
	return strings.Join([]string{Root, id.Type, id.Issuer, id.Serial, id.Version, string(rune(id.Check))}, ".")
}

// Oddity is what is not as the standard has it in something that other systems made.
// It is reported beside what was read and is no reason to refuse it: real licences
// carry such identifiers.
type Oddity string

// The oddities of identifiers.
const (
	RootMissing     Oddity = "root-missing"
	RootForeign     Oddity = "root-foreign"
	CaseLower       Oddity = "lower-case"
	TypeForm        Oddity = "type-form"
	TypeAuthority   Oddity = "type-authority-check"
	IssuerNotCredit Oddity = "issuer-not-a-credit-code"
	IssuerCheck     Oddity = "issuer-check"
	SerialForm      Oddity = "serial-form"
	VersionForm     Oddity = "version-form"
	CheckMissing    Oddity = "check-missing"
	CheckWrong      Oddity = "check-wrong"
)

var oddities = map[Oddity]string{
	RootMissing:     "the root 1.2.156.3005.2 is missing",
	RootForeign:     "it stands under another root than 1.2.156.3005.2",
	CaseLower:       "it has small letters",
	TypeForm:        "the type's code is not a credit code and 3 digits",
	TypeAuthority:   "the check character of the type's defining authority is wrong (GB 32100)",
	IssuerNotCredit: "the issuer's code is not a credit code of 18 characters",
	IssuerCheck:     "the check character of the issuer's code is wrong (GB 32100)",
	SerialForm:      "the serial number is not 1 to 32 letters and digits",
	VersionForm:     "the version is not 3 digits",
	CheckMissing:    "the check character is missing",
	CheckWrong:      "the check character is not the one of ISO 7064 MOD 37,36",
}

// Says puts the oddity in words.
func (o Oddity) Says() string { return oddities[o] }

var (
	typeForm    = regexp.MustCompile(`^[0-9A-Z]{18}[0-9]{3}$`)
	creditForm  = regexp.MustCompile(`^[0-9A-Z]{18}$`)
	serialForm  = regexp.MustCompile(`^[0-9A-Z]{1,32}$`)
	versionForm = regexp.MustCompile(`^[0-9]{3}$`)
)

// parts lists what is odd about the four parts; nothing where they keep the standard
// as far as it can be told from their form.
func (id Identifier) parts() []Oddity {
	var found []Oddity
	for _, part := range []struct {
		form  *regexp.Regexp
		value string
		odd   Oddity
	}{
		{typeForm, id.Type, TypeForm}, {creditForm, id.Issuer, IssuerNotCredit},
		{serialForm, id.Serial, SerialForm}, {versionForm, id.Version, VersionForm},
	} {
		if !part.form.MatchString(part.value) {
			found = append(found, part.odd)
		}
	}
	return found
}

const identifierParts = 5 // after the root

// ParseIdentifier reads what a system gives as an identifier. Dirty data is read with
// its oddities named; an error is left for what has not five parts at all. Neither
// holds the text.
func ParseIdentifier(text string) (Identifier, []Oddity, error) {
	var odd []Oddity
	text = strings.TrimSpace(text)
	if upper := strings.ToUpper(text); upper != text {
		odd, text = append(odd, CaseLower), upper
	}
	root, parts := rooted(text)
	if root != "" {
		odd = append(odd, root)
	}
	if len(parts) == identifierParts-1 {
		odd, parts = append(odd, CheckMissing), append(parts, "")
	}
	if len(parts) != identifierParts || text == Root {
		return Identifier{}, nil, fmt.Errorf("licence: an identifier has a type, an issuer, a serial number, a version and a check character, with dots between")
	}
	id := Identifier{Type: parts[0], Issuer: parts[1], Serial: parts[2], Version: parts[3]}
	odd = append(odd, id.parts()...)
	odd = append(odd, id.codes()...)
	if parts[4] != "" {
		id.Check = parts[4][0]
		if want, computed := checkCharacter(strings.Join(parts[:4], "")); !computed || parts[4] != string(rune(want)) {
			odd = append(odd, CheckWrong)
		}
	}
	return id, odd, nil
}

// rooted takes the root off and says what is odd about it.
func rooted(text string) (Oddity, []string) {
	parts := strings.Split(text, ".")
	if rest, found := strings.CutPrefix(text, Root+"."); found {
		return "", strings.Split(rest, ".")
	}
	if len(parts) > identifierParts {
		return RootForeign, parts[len(parts)-identifierParts:]
	}
	return RootMissing, parts
}

// codes checks the credit codes inside where they have the form of one.
func (id Identifier) codes() []Oddity {
	var found []Oddity
	if typeForm.MatchString(id.Type) && gateway.CheckCreditCode(id.Type[:18]) != nil {
		found = append(found, TypeAuthority)
	}
	if creditForm.MatchString(id.Issuer) && gateway.CheckCreditCode(id.Issuer) != nil {
		found = append(found, IssuerCheck)
	}
	return found
}
