package sm

import "testing"

func newKey(t testing.TB) *PrivateKey {
	t.Helper()
	key, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, key *PrivateKey, msg []byte, enc Encoding) []byte {
	t.Helper()
	sig, err := key.Sign(t.Context(), msg, enc)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}
