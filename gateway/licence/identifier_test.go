package licence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kapok/gateway/licence"
)

// Public examples of GB/T 36904 identifiers in circulation.
var examples = []struct {
	kind, issuer, serial, version string
	check                         byte
}{
	{"11100000000013338W011", "11430000006122244L", "20230000403", "002", 'S'},
	{"11100000000013338W011", "11430000006122244L", "20230000403", "001", 'U'},
	{"11100000000013338W032", "11220000013544541J", "2430599", "001", 'F'},
	{"11100000000013338W087", "11370800MB28559184", "37080001202411010001", "001", '3'},
	{"11100000000013338W009", "11330105002500287C", "2025052201", "002", '0'},
	{"11100000000013661B006", "113700000045046442", "209FA4E88F9E4C878F3E9BED2CE7EA49", "001", 'D'},
}

func TestIdentifierVectors(t *testing.T) {
	for _, example := range examples {
		t.Run(example.serial+"."+example.version, func(t *testing.T) {
			version := 0
			if _, err := fmt.Sscanf(example.version, "%d", &version); err != nil {
				t.Fatal(err)
			}
			made, err := licence.NewIdentifier(example.kind, example.issuer, example.serial, version)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Join([]string{licence.Root, example.kind, example.issuer, example.serial, example.version, string(rune(example.check))}, ".")
			if made.String() != want {
				t.Errorf("made %s, want %s", made, want)
			}
			read, odd, err := licence.ParseIdentifier(want)
			if err != nil || read != made || slices.Contains(odd, licence.CheckWrong) {
				t.Errorf("read back %v, %v, %v", read, odd, err)
			}
		})
	}
}

// TestDirtyIdentifiers: what real systems send is read, and what is odd is named.
func TestDirtyIdentifiers(t *testing.T) {
	for name, dirty := range map[string]struct {
		text string
		odd  []licence.Oddity
	}{
		"the documentation's wrong example": {
			licence.Root + ".11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M",
			[]licence.Oddity{licence.CheckWrong},
		},
		"an issuer that is a division": {
			licence.Root + ".11100000MB03271699022.340100.000000016.001.9",
			[]licence.Oddity{licence.IssuerNotCredit},
		},
		"no root": {
			"11100000000013338W032.11220000013544541J.2430599.001.F",
			[]licence.Oddity{licence.RootMissing},
		},
		"no check character": {
			licence.Root + ".11100000000013338W032.11220000013544541J.2430599.001",
			[]licence.Oddity{licence.CheckMissing},
		},
		"small letters": {
			licence.Root + ".11100000000013338w032.11220000013544541j.2430599.001.f",
			[]licence.Oddity{licence.CaseLower},
		},
		"another root": {
			"1.2.156.9999.1.11100000000013338W032.11220000013544541J.2430599.001.F",
			[]licence.Oddity{licence.RootForeign},
		},
		"a serial with a hyphen": {
			licence.Root + ".11100000000013338W032.11220000013544541J.243-0599.001.F",
			[]licence.Oddity{licence.SerialForm, licence.CheckWrong},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, odd, err := licence.ParseIdentifier(dirty.text)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range dirty.odd {
				if !slices.Contains(odd, want) || want.Says() == "" {
					t.Errorf("%v lacks %s", odd, want)
				}
			}
		})
	}
}

func TestNoIdentifierAtAll(t *testing.T) {
	for _, text := range []string{"", "1.2", licence.Root, licence.Root + ".a.b"} {
		if _, _, err := licence.ParseIdentifier(text); err == nil {
			t.Errorf("%q was read as an identifier", text)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error holds the text")
		}
	}
}

func TestEachCharacterChangesTheCheck(t *testing.T) {
	const serial = "2025052201"
	right, err := licence.NewIdentifier(examples[4].kind, examples[4].issuer, serial, 2)
	if err != nil {
		t.Fatal(err)
	}
	for place := range len(serial) {
		other := []byte(serial)
		other[place] = 'Z'
		changed, err := licence.NewIdentifier(examples[4].kind, examples[4].issuer, string(other), 2)
		if err != nil || changed.Check == right.Check {
			t.Errorf("a change at place %d keeps the check character, %v", place, err)
		}
	}
}

func FuzzParseIdentifier(f *testing.F) {
	for _, example := range examples {
		f.Add(licence.Root + "." + example.kind + "." + example.issuer + "." + example.serial + "." + example.version + "." + string(rune(example.check)))
	}
	f.Add(licence.Root + ".11100000MB03271699022.340100.000000016.001.9")
	f.Fuzz(func(t *testing.T, text string) {
		id, odd, err := licence.ParseIdentifier(text)
		if err != nil || len(odd) > 0 {
			return
		}
		again, _, err := licence.ParseIdentifier(id.String())
		if err != nil || again != id {
			t.Errorf("a clean identifier is not read back as it was: %v, %v", again, err)
		}
	})
}
