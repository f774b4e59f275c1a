package licence

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Family is one of the three ways in which real systems name the same elements.
type Family string

// The families.
const (
	Standard  Family = "36903"     // GB/T 36903-2018, camel case
	Pinyin    Family = "pinyin"    // initials: CustomDatas of OFD files, 不动产
	Guangdong Family = "guangdong" // license-app of Guangdong and its relatives
)

// Pair is one name with its value, in the order in which it stands.
type Pair struct{ Name, Value string }

// names says what each family calls an element. Where a family has no name for it, it
// travels among the extensions under the standard's name, so that nothing is lost on
// the way there and back.
var names = []struct {
	element           Element
	pinyin, guangdong string
}{
	{Name, "ZZMC", "name"},
	{TypeName, "", "license_type_name"},
	{TypeCode, "ZZLXDM", "license_item_code"},
	{Number, "ZZBH", "id_code"},
	{IdentifierText, "ZZBS", "license_code"},
	{IssuerName, "ZZBFJG", "issue_org_name"},
	{IssuerCode, "ZZBFJGDM", "issue_org_code"},
	{IssuedOn, "ZZBFRQ", "issue_date"},
	{EffectiveOn, "ZZYXQQSRQ", "begin_date"},
	{ExpiresOn, "ZZYXQJZRQ", "expiry_date"},
	{HolderName, "CZZT", "holder_name"},
	{HolderCode, "CZZTDM", "holder_identity_num"},
	{HolderTypeName, "CZZTDMLX", ""},
	{HolderType, "CZZTDMLXDM", "holder_identity_type"},
	{Area, "", "division_code"},
	{CopyMadeAt, "JZJZZSJ", ""},
	{CopyMadeBy, "JZJZZZ", ""},
	{CopyCause, "JZJZZSY", ""},
	{CopyExpiresAt, "JZJYXQJZSJ", ""},
	{InspectedUntil, "", ""},
	{CopyCaseNo, "", ""},
	{CopyServiceItem, "", ""},
}

// nameIn is what a family calls an element; "" where it has no name.
func nameIn(f Family, at int) string {
	return map[Family]string{Standard: string(names[at].element), Pinyin: names[at].pinyin, Guangdong: names[at].guangdong}[f]
}

// own are elements that the standard lacks; they are extensions in every family.
var own = []Element{InspectedUntil, CopyCaseNo, CopyServiceItem}

const (
	pinyinExtension    = "KZ_"
	standardExtension  = "extend_info"
	guangdongExtension = "data_fields"
)

// Encode writes the metadata by the names of a family: elements in the order of the
// standard, then the extensions.
func (m Metadata) Encode(f Family) ([]Pair, error) {
	var out []Pair
	extended := maps.Clone(m.Extended)
	if extended == nil {
		extended = map[string]string{}
	}
	for at, row := range names {
		value, held := m.Elements[row.element]
		if !held {
			continue
		}
		name := nameIn(f, at)
		if name == "" || slices.Contains(own, row.element) {
			extended[string(row.element)] = value
			continue
		}
		out = append(out, Pair{name, writtenFor(f, row.element, value)})
	}
	more, err := encodeExtended(f, extended)
	return append(out, more...), err
}

func encodeExtended(f Family, extended map[string]string) ([]Pair, error) {
	if len(extended) == 0 {
		return nil, nil
	}
	if f == Pinyin {
		var out []Pair
		for _, name := range slices.Sorted(maps.Keys(extended)) {
			out = append(out, Pair{pinyinExtension + name, extended[name]})
		}
		return out, nil
	}
	text, err := json.Marshal(extended)
	return []Pair{{extensionName[f], string(text)}}, err
}

var extensionName = map[Family]string{Standard: standardExtension, Guangdong: guangdongExtension}

// Decode reads metadata by the names of a family. Names that the family does not have
// become extensions; dirty data is read with its oddities named.
func Decode(f Family, pairs []Pair) (Metadata, []Oddity, error) {
	m := Metadata{Elements: map[Element]string{}, Extended: map[string]string{}}
	byName := elementsOf(f)
	var odd []Oddity
	for _, pair := range pairs {
		if extensionName[f] != "" && pair.Name == extensionName[f] {
			found, err := m.decodeExtended(pair.Value)
			if err != nil {
				return Metadata{}, nil, err
			}
			odd = append(odd, found...)
			continue
		}
		if element, known := byName[pair.Name]; known {
			if _, twice := m.Elements[element]; twice {
				odd = append(odd, Repeated)
				continue
			}
			m.Elements[element] = readFrom(f, element, pair.Value)
			continue
		}
		m.extend(strings.TrimPrefix(pair.Name, pinyinExtension), pair.Value)
	}
	return m, append(odd, m.clean()...), nil
}

func elementsOf(f Family) map[string]Element {
	found := map[string]Element{}
	for at, row := range names {
		if name := nameIn(f, at); name != "" {
			found[name] = row.element
		}
	}
	return found
}

// extend takes an extension; one by an element's own name is that element.
func (m Metadata) extend(name, value string) {
	for _, row := range names {
		if name == string(row.element) {
			m.Elements[row.element] = value
			return
		}
	}
	m.Extended[name] = value
}

func (m Metadata) decodeExtended(text string) ([]Oddity, error) {
	var odd []Oddity
	found := map[string]any{}
	if json.Unmarshal([]byte(text), &found) != nil {
		odd = append(odd, Unquoted)
		if json.Unmarshal([]byte(strings.ReplaceAll(text, "'", `"`)), &found) != nil {
			return nil, fmt.Errorf("licence: the extensions are not a JSON object")
		}
	}
	for name, value := range found {
		text, plain := value.(string)
		if !plain {
			raw, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("licence: an extension cannot be written as text")
			}
			text = string(raw)
		}
		m.extend(name, text)
	}
	return odd, nil
}

// writtenFor and readFrom translate the codes of holder types, where a family has its
// own.
func writtenFor(f Family, e Element, value string) string {
	if f == Guangdong && e == HolderType {
		return guangdongHolder(value)
	}
	return value
}

func readFrom(f Family, e Element, value string) string {
	if f == Guangdong && e == HolderType {
		return standardHolder(value)
	}
	return value
}
