package trace

import (
	"regexp"
	"testing"
)

func FuzzID(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Add("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Add("00-00000000000000000000000000000000-00f067aa0ba902b7-01")
	form := regexp.MustCompile(`^[0-9a-f]{32}$`)
	f.Fuzz(func(t *testing.T, header string) {
		if id := ID(header); !form.MatchString(id) || id == none {
			t.Errorf("trace id %q", id)
		}
	})
}
