package people

import "testing"

func TestEveryCitizenIsFoundAgain(t *testing.T) {
	register, err := NewRegister(3 * days / 2)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range register.Size() {
		person := register.At(i)
		if seen[person.Number] {
			t.Fatalf("index %d repeats a number", i)
		}
		seen[person.Number] = true
		if again, found := register.Find(person.Number); !found || again != person {
			t.Fatalf("index %d: %+v found as %+v, %v", i, person, again, found)
		}
		if born := person.Born.Format("20060102"); person.Number[6:14] != born {
			t.Fatalf("index %d: born on %s", i, born)
		}
	}
}

func TestNobodyElseIsFound(t *testing.T) {
	register, err := NewRegister(0)
	if err != nil {
		t.Fatal(err)
	}
	strangers := []string{
		"", "440106", "11010519491231002X", number(days - 1),
		withCheck("44010619490101100"), withCheck("44010620990101100"), withCheck("44010619900101099"), withCheck("44010619901301100"), withCheck("44010619500101101"),
		"440106199001011000",
	}
	for _, stranger := range strangers {
		if person, found := register.Find(stranger); found {
			t.Errorf("%q is %+v", stranger, person)
		}
	}
}

// The published example of GB 11643, and one of its neighbours with the digits swapped.
func TestCheckCharacter(t *testing.T) {
	if got := withCheck("11010519491231002"); got != "11010519491231002X" {
		t.Errorf("got %s", got)
	}
}
