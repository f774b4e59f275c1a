package ofd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"kapok/gateway/licence/ofd"
)

func change() ofd.Change {
	return ofd.Change{
		At:     noon,
		Custom: []ofd.Custom{{Name: "ZZMC", Value: "测试许可证（加注件）"}, {Name: "JZJZZSY", Value: "测试事项 <甲>"}},
		Annotations: []ofd.PageAnnotation{{Page: 0, Annotation: ofd.Annotation{Type: "Watermark", Creator: "Kapok", At: noon, X: 20, Y: 250, Width: 170, Height: 20,
			Content: []ofd.Object{ofd.Text{X: 0, Y: 8, Size: 6, Value: "仅供测试局办理测试事项使用"}}}}},
		Attachments: []ofd.Attachment{{Name: "原件", Format: "ofd", Data: []byte("original")}},
	}
}

// A sealed licence becomes a copy that says for whom it is; the copy is sealed again,
// and nothing of the first seal but its looks is left.
func TestAnnotatedCopy(t *testing.T) {
	s := newSealer(t)
	copied, err := ofd.Annotate(open(t, s.on(t, encode(t, draft(t)))), change())
	if err != nil {
		t.Fatal(err)
	}
	checkCopy(t, copied, 2)
	c := open(t, s.on(t, copied))
	documents, err := c.Documents()
	if err != nil {
		t.Fatal(err)
	}
	if listed, err := c.List(documents[0]); err != nil || len(listed) != 1 {
		t.Errorf("%v, %v", listed, err)
	}
	again, err := ofd.Annotate(open(t, copied), change())
	if err != nil {
		t.Fatal(err)
	}
	checkCopy(t, again, 2)
}

func checkCopy(t *testing.T, copied []byte, custom int) {
	t.Helper()
	c := open(t, copied)
	documents, err := c.Documents()
	if err != nil {
		t.Fatal(err)
	}
	d := documents[0]
	values := map[string][]string{}
	for _, item := range d.Custom {
		values[item.Name] = append(values[item.Name], item.Value)
	}
	if d.Signatures != "" || len(values["ZZMC"]) != 1 || values["ZZMC"][0] != "测试许可证（加注件）" || len(values["JZJZZSY"]) != 1 || len(values) < custom {
		t.Errorf("%+v", d)
	}
	root, err := c.Element(d.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"Annotations", "Attachments"} {
		name, err := ofd.Resolve(d.File, root.ChildText(list))
		if err != nil || !c.Has(name) || len(root.All(list)) != 1 {
			t.Errorf("%s: %q, %v", list, name, err)
		}
	}
	for _, name := range c.Names() {
		if filepath.Ext(name) == ".xml" {
			if _, err := c.Element(name); err != nil {
				t.Error(err)
			}
		}
		if base := filepath.Base(name); base == "Seal.esl" || base == "SignedValue.dat" {
			t.Errorf("%s was kept", name)
		}
	}
}

// Documents of other makers are annotated as well.
func TestAnnotatedCopiesOfOthers(t *testing.T) {
	for _, name := range []string{"V4RideRight.ofd", "SESV4SignDoc.ofd", "h.ofd"} {
		contents, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "testdata", "ofd", name))
		if err != nil {
			t.Skip("../shared/testdata is not there: files that others made are not annotated")
		}
		c, err := ofd.Open(bytes.NewReader(contents), int64(len(contents)), ofd.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		copied, err := ofd.Annotate(c, change())
		if err != nil {
			t.Fatal(name, err)
		}
		checkCopy(t, copied, 2)
	}
}
