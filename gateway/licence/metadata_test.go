package licence_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"kapok/gateway/licence"
)

var families = []licence.Family{licence.Standard, licence.Pinyin, licence.Guangdong}

// full has every element there is.
func full() licence.Metadata {
	return licence.Metadata{
		Elements: map[licence.Element]string{
			licence.Name: "最低生活保障证", licence.TypeName: "最低生活保障证", licence.TypeCode: "11100000KAPK010257001",
			licence.Number: "DB2026000001", licence.IdentifierText: "1.2.156.3005.2.x", licence.IssuerName: "某区民政局",
			licence.IssuerCode: "11440106KAPK000227", licence.IssuedOn: "2026-01-02", licence.EffectiveOn: "2026-01-02",
			licence.ExpiresOn: licence.LongTerm, licence.HolderName: "测试某", licence.HolderCode: "11010519491231002X",
			licence.HolderTypeName: "公民身份号码", licence.HolderType: "111", licence.Area: "440106",
			licence.CopyMadeAt: "2026-02-03 10:00:00", licence.CopyMadeBy: "某局", licence.CopyCause: "办理补贴",
			licence.CopyExpiresAt: "2026-03-03 10:00:00", licence.InspectedUntil: "2027-01-01",
			licence.CopyCaseNo: "B-1", licence.CopyServiceItem: "某事项",
		},
		Extended: map[string]string{"保障类别": "A类", "members": "3"},
	}
}

func TestFamiliesThereAndBack(t *testing.T) {
	want := full()
	for _, family := range families {
		t.Run(string(family), func(t *testing.T) {
			pairs, err := want.Encode(family)
			if err != nil {
				t.Fatal(err)
			}
			got, odd, err := licence.Decode(family, pairs)
			if err != nil || len(odd) > 0 {
				t.Fatalf("%v, %v", odd, err)
			}
			if !maps.Equal(got.Elements, want.Elements) || !maps.Equal(got.Extended, want.Extended) {
				t.Errorf("came back as %v %v", got.Elements, got.Extended)
			}
		})
	}
}

// TestFamiliesThroughEachOther goes around all three.
func TestFamiliesThroughEachOther(t *testing.T) {
	m := full()
	for _, family := range append(families, families...) {
		pairs, err := m.Encode(family)
		if err != nil {
			t.Fatal(err)
		}
		if m, _, err = licence.Decode(family, pairs); err != nil {
			t.Fatal(err)
		}
	}
	if want := full(); !maps.Equal(m.Elements, want.Elements) || !maps.Equal(m.Extended, want.Extended) {
		t.Errorf("after two rounds: %v %v", m.Elements, m.Extended)
	}
}

func TestFamilyNames(t *testing.T) {
	for family, want := range map[licence.Family][]string{
		licence.Standard:  {"certificateName", "certificateHolderTypeCode", "certificateCopyCause", "extend_info"},
		licence.Pinyin:    {"ZZMC", "CZZTDMLXDM", "JZJZZSY", "KZ_members"},
		licence.Guangdong: {"name", "holder_identity_type", "license_item_code", "data_fields"},
	} {
		pairs, err := full().Encode(family)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range want {
			if !slices.ContainsFunc(pairs, func(p licence.Pair) bool { return p.Name == name }) {
				t.Errorf("%s lacks %s", family, name)
			}
		}
	}
}

func TestGuangdongCodesOfHolders(t *testing.T) {
	pairs, err := full().Encode(licence.Guangdong)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(pairs, licence.Pair{Name: "holder_identity_type", Value: "10"}) {
		t.Errorf("an identity card is not 10 there: %v", pairs)
	}
}

func TestDirtyMetadata(t *testing.T) {
	got, odd, err := licence.Decode(licence.Guangdong, []licence.Pair{
		{Name: "issue_date", Value: "2026年1月2日"}, {Name: "expiry_date", Value: "长期有效"}, {Name: "begin_date", Value: "some day"},
		{Name: "name", Value: "甲"}, {Name: "name", Value: "乙"},
		{Name: "data_fields", Value: "{'XM':'某','JE':12}"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Value(licence.IssuedOn) != "2026-01-02" || got.Value(licence.ExpiresOn) != licence.LongTerm || got.Value(licence.Name) != "甲" || got.Extended["JE"] != "12" {
		t.Errorf("read as %v %v", got.Elements, got.Extended)
	}
	for _, want := range []licence.Oddity{licence.DateForm, licence.DateLost, licence.Repeated, licence.Unquoted} {
		if !slices.Contains(odd, want) {
			t.Errorf("%v lacks %s", odd, want)
		}
	}
}

func TestExpiry(t *testing.T) {
	last := licence.Metadata{Elements: map[licence.Element]string{licence.ExpiresOn: "2026-06-30"}}
	for _, moment := range []struct {
		at      string
		expired bool
	}{
		{"2026-06-30T23:59:59+08:00", false}, {"2026-07-01T00:00:00+08:00", true}, {"2026-06-30T15:59:59Z", false}, {"2026-06-30T16:00:00Z", true},
	} {
		at, err := time.Parse(time.RFC3339, moment.at)
		if err != nil || last.ExpiredOn(at) != moment.expired {
			t.Errorf("at %s it is expired: %v, %v", moment.at, !moment.expired, err)
		}
	}
	if (licence.Metadata{Elements: map[licence.Element]string{licence.ExpiresOn: licence.LongTerm}}).ExpiredOn(time.Now()) {
		t.Error("one without an end is expired")
	}
}

func TestLife(t *testing.T) {
	for _, step := range []struct {
		from  licence.State
		event licence.Event
		to    licence.State // "": cannot happen
	}{
		{licence.None, licence.EventRegistered, licence.Registered},
		{licence.Draft, licence.EventRegistered, licence.Registered},
		{licence.Draft, licence.EventIssued, ""},
		{licence.Registered, licence.EventIssued, licence.Issued},
		{licence.Issued, licence.EventIssued, ""},
		{licence.None, licence.EventCollected, licence.Issued},
		{licence.Issued, licence.EventRenewed, licence.Issued},
		{licence.Issued, licence.EventAbolished, licence.Abolished},
		{licence.Abolished, licence.EventAbolished, ""},
		{licence.Abolished, licence.EventChanged, ""},
		{licence.None, licence.EventAbolished, ""},
	} {
		to, err := step.from.After(step.event)
		if (err != nil) != (step.to == "") || err == nil && to != step.to {
			t.Errorf("%s after %s: %s, %v", step.from, step.event, to, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("data_fields", `{"a":"b"}`)
	f.Add("expiry_date", "2026-1-2")
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, family := range families {
			m, _, err := licence.Decode(family, []licence.Pair{{Name: name, Value: value}})
			if err != nil {
				continue
			}
			if _, err := m.Encode(family); err != nil {
				t.Errorf("what was read cannot be written: %v", err)
			}
		}
	})
}
