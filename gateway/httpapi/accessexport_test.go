package httpapi

import "testing"

func TestPlainCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "DB-1": "DB-1", "查看": "查看", "=1+1": "'=1+1", "+86": "'+86", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\n=1": "'\n=1",
		" =1": "' =1", "＝1": "'＝1", "\u3000=1": "'\u3000=1", "a=1": "a=1",
	} {
		if got := plainCell(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
