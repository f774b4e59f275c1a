package sm_test

import (
	"bytes"
	"testing"

	"kapok/crypto/sm"
)

// TestResumeHash cuts a message at every place.
func TestResumeHash(t *testing.T) {
	message := bytes.Repeat([]byte("0123456789abcdef!"), 12)
	want := sm.Sum(message)
	for cut := range message {
		first := sm.NewHash()
		first.Write(message[:cut])
		state, err := sm.SaveHash(first)
		if err != nil {
			t.Fatal(err)
		}
		rest, err := sm.ResumeHash(state)
		if err != nil {
			t.Fatal(err)
		}
		rest.Write(message[cut:])
		if got := rest.Sum(nil); !bytes.Equal(got, want[:]) {
			t.Fatalf("cut at %d: %x", cut, got)
		}
	}
	if _, err := sm.ResumeHash([]byte("nonsense")); err == nil {
		t.Error("nonsense was taken for a state")
	}
}

func TestNewHMAC(t *testing.T) {
	mac := sm.NewHMAC([]byte("key"))
	for range 3 {
		mac.Reset()
		mac.Write([]byte("message"))
		want := sm.HMAC([]byte("key"), []byte("message"))
		if got := mac.Sum(nil); !bytes.Equal(got, want[:]) {
			t.Errorf("%x, want %x", got, want)
		}
	}
}
