package bench

import "testing"

func TestKeptMeetsRefusals(t *testing.T) {
	for shots := range 20_000 {
		if every := keptOf(shots); every%2 == 0 || every%5 == 0 {
			t.Fatalf("of %d shots every %d-th is put by: a divisor in common with 40", shots, every)
		}
	}
}
