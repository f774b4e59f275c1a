package editions

import (
	"io/fs"
	"testing"
)

func TestPack(t *testing.T) {
	packed, err := Pack(map[string][]byte{"b.yaml": []byte("b: 1\n"), "a/c.cedar": []byte("permit;\n")})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := fs.ReadFile(folder, "a/c.cedar"); err != nil || string(content) != "permit;\n" {
		t.Errorf("came back as %q, %v", content, err)
	}
	again, err := PackFolder(folder)
	if err != nil || string(again) != string(packed) {
		t.Errorf("packed again it differs: %v", err)
	}
	if _, err := Pack(map[string][]byte{"a": []byte("x\n-- b --\n")}); err == nil {
		t.Error("a file that would come back as two was packed")
	}
	if _, err := Pack(nil); err == nil {
		t.Error("nothing was packed")
	}
}
