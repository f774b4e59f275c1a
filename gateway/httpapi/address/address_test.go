package address

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzLocal: wherever a browser resolves what is let through, it stays here.
func FuzzLocal(f *testing.F) {
	for _, seed := range []string{"/v1/me", "//evil.example", `/\evil.example`, "/%2f%2fevil", "/a/../..//evil", "/\t/evil", "https://evil", "/?//evil", "/#//evil"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://kapok.example/auth/callback")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, wanted string) {
		got := Local(wanted)
		// Browsers drop tabs and line ends and read a backslash as a slash (WHATWG URL §4.4).
		read := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(got)
		at, err := base.Parse(read)
		if err != nil || at.Host != "kapok.example" || at.Scheme != "https" || at.User != nil || strings.HasPrefix(read, "//") {
			t.Errorf("%q becomes %q: %v", wanted, got, at)
		}
		if strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("%q splits a header", got)
		}
	})
}

// FuzzPlain: what is let through has no dot segment and nothing that a second
// decoding would change.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"/v1/me", "/..", "/%2e%2e/", "/%252e", "/a%00", "/%5c..", "//", "/a?b=%25", "/..%2f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		parsed, err := url.ParseRequestURI(target)
		if err != nil || !Plain(target, parsed.Path) {
			return
		}
		for segment := range strings.SplitSeq(parsed.Path, "/") {
			if segment == "." || segment == ".." {
				t.Errorf("%q climbs", target)
			}
		}
		if again, err := url.PathUnescape(parsed.Path); err == nil && again != parsed.Path {
			t.Errorf("%q decodes twice", target)
		}
		if strings.ContainsAny(parsed.Path, "\x00\r\n\\") {
			t.Errorf("%q holds what no path has", target)
		}
	})
}

func FuzzReadCursor(f *testing.F) {
	written, err := Cursor(map[string]uint64{"kapok.example/a": 7})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(written)
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		var read map[string]uint64
		if err := ReadCursor(cursor, &read); err != nil && strings.Contains(err.Error(), cursor) && len(cursor) > 20 {
			t.Errorf("the error repeats the cursor: %v", err)
		}
	})
}

func TestCursorRoundTrip(t *testing.T) {
	for _, v := range []map[string]uint64{nil, {}, {"kapok.example/甲": 1<<64 - 1}} {
		written, err := Cursor(v)
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]uint64
		if err := ReadCursor(written, &read); err != nil || len(read) != len(v) {
			t.Errorf("%v comes back as %v: %v", v, read, err)
		}
	}
}
