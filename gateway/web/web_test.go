package web

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPagesAreServedAtTheirAddresses(t *testing.T) {
	pages, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for address, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/docs": "text/html; charset=utf-8", "/static/kapok.css": "text/css; charset=utf-8",
	} {
		if file, ok := pages[address]; !ok || file.Type != kind || len(file.Content) == 0 || file.ETag == "" {
			t.Errorf("%s: served %v as %q", address, ok, file.Type)
		}
	}
}

func TestAssetsLastAndShrink(t *testing.T) {
	pages, err := load(fstest.MapFS{"dist/pages/assets/a-1.js": {Data: []byte(strings.Repeat("let a = 1\n", 200))}, "pages/tiny.css": {Data: []byte("a{}")}})
	if err != nil {
		t.Fatal(err)
	}
	if asset := pages["/assets/a-1.js"]; !asset.Lasting || len(asset.Gzipped()) == 0 || len(asset.Gzipped()) >= len(asset.Content) {
		t.Errorf("lasting %v, %d of %d bytes", asset.Lasting, len(asset.Gzipped()), len(asset.Content))
	}
	if tiny := pages["/static/tiny.css"]; tiny.Lasting || tiny.Gzipped() != nil {
		t.Error("a small file that changes is compressed or lasts")
	}
}

func TestDocsSayHowToBuildThem(t *testing.T) {
	only := fstest.MapFS{"dist/placeholder.html": {Data: []byte("make pages")}}
	built := fstest.MapFS{"dist/placeholder.html": {Data: []byte("make pages")}, "dist/swagger/index.html": {Data: []byte("ui")}}
	for _, c := range []struct {
		from fstest.MapFS
		want string
	}{{only, "make pages"}, {built, "ui"}} {
		pages, err := load(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(pages["/docs"].Content); got != c.want {
			t.Errorf("/docs is %q, want %q", got, c.want)
		}
	}
}

// What a browser would run or ask of a stranger. The policy forbids it anyway; a page
// that needs it would only be broken.
var (
	inline  = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:\s[^>]*)?>\s*[^<\s]|javascript:`)
	outside = regexp.MustCompile(`(?i)(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//`)
)

func TestOwnPagesAreSelfContained(t *testing.T) {
	pages, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for address, file := range pages {
		if strings.HasSuffix(address, "swagger-ui.css") || strings.HasSuffix(address, ".js") {
			continue // with libraries in it; what it does is watched in a browser, under the policy
		}
		for _, rule := range []*regexp.Regexp{inline, outside} {
			if found := rule.Find(file.Content); found != nil {
				t.Errorf("%s holds %q", address, found)
			}
		}
	}
}
