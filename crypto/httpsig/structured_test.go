package httpsig

import (
	"net/http"
	"strings"
	"testing"
)

func TestDictionary(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"one", `a=1`, `a=1`},
		{"spaces between", `  a=1 ,	b=2  `, `a=1,b=2`},
		{"true", `a`, `a=?1`},
		{"true, parameters", `a;b;c=2`, `a=?1;b;c=2`},
		{"parameter true", `a=1;b=?1`, `a=1;b`},
		{"parameter false", `a=1;b=?0`, `a=1;b=?0`},
		{"space before parameter", `a=1;  b=2`, `a=1;b=2`},
		{"inner list", `a=( 1   "x" tok )`, `a=(1 "x" tok)`},
		{"inner list, empty", `a=()`, `a=()`},
		{"inner list, parameters", `a=(1;b 2;c=3);d`, `a=(1;b 2;c=3);d`},
		{"string", `a="x\"y\\z"`, `a="x\"y\\z"`},
		{"bytes", `a=:AAE=:`, `a=:AAE=:`},
		{"bytes, none", `a=::`, `a=::`},
		{"token", `a=*tok/en:x`, `a=*tok/en:x`},
		{"integers", `a=0, b=-1, c=999999999999999`, `a=0,b=-1,c=999999999999999`},
		{"decimals", `a=1.5, b=-0.125, c=1.0`, `a=1.5,b=-0.125,c=1.0`},
		{"keys", `*a=1, b-c_d.e*2=2`, `*a=1,b-c_d.e*2=2`},

		{"empty", ``, ""},
		{"comma only", `,`, ""},
		{"trailing comma", `a=1,`, ""},
		{"leading comma", `,a=1`, ""},
		{"no comma", `a=1 b=2`, ""},
		{"key twice", `a=1, a=1`, ""},
		{"key upper case", `A=1`, ""},
		{"key a digit", `1=1`, ""},
		{"value absent", `a=`, ""},
		{"space around =", `a = 1`, ""},
		{"parameter twice", `a=1;b;b`, ""},
		{"parameter key absent", `a=1;`, ""},
		{"parameter value absent", `a=1;b=`, ""},
		{"tab before parameter", "a=1;\tb", ""},
		{"inner list open", `a=(1 2`, ""},
		{"inner list without space", `a=("x""y")`, ""},
		{"inner list with comma", `a=(1,2)`, ""},
		{"inner list in inner list", `a=((1))`, ""},
		{"inner list as parameter", `a=1;b=(1)`, ""},
		{"string open", `a="x`, ""},
		{"string, bad escape", `a="\x"`, ""},
		{"string, escape at end", `a="\`, ""},
		{"string, line end", "a=\"x\ny\"", ""},
		{"string, not ASCII", `a="红"`, ""},
		{"bytes open", `a=:AAE=`, ""},
		{"bytes, no padding", `a=:AAE:`, ""},
		{"bytes, trailing bits", `a=:AAF=:`, ""},
		{"bytes, url alphabet", `a=:__8=:`, ""},
		{"bytes, line end", "a=:AA\nE=:", ""},
		{"integer, leading zero", `a=01`, ""},
		{"integer, too long", `a=1000000000000000`, ""},
		{"integer, plus", `a=+1`, ""},
		{"minus only", `a=-`, ""},
		{"decimal, no fraction", `a=1.`, ""},
		{"decimal, long fraction", `a=1.0001`, ""},
		{"decimal, trailing zero", `a=1.50`, ""},
		{"decimal, no whole", `a=.5`, ""},
		{"boolean 2", `a=?2`, ""},
		{"boolean cut", `a=?`, ""},
		{"date", `a=@1`, ""},
		{"display string", `a=%"x"`, ""},
		{"NUL", "a=1\x00", ""},
		{"too many members", strings.Repeat("a=1, ", 16) + "a=1", ""},
		{"too many parameters", "a=1;a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q", ""},
		{"too many items", "a=(" + strings.Repeat("1 ", 17) + ")", ""},
		{"too long", `a="` + strings.Repeat("x", 8<<10) + `"`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := canonical(test.field)
			if ok != (test.want != "") || ok && got != test.want {
				t.Fatalf("got %q, %v; want %q", got, ok, test.want)
			}
		})
	}
}

// canonical joins the members as dictionary gives them.
func canonical(field string) (string, bool) {
	var members []string
	ok := dictionary(field, func(key, value string) bool {
		members = append(members, key+"="+value)
		return true
	})
	return strings.Join(members, ","), ok
}

func TestSixteenMembers(t *testing.T) {
	field := "a=1"
	for _, c := range "bcdefghijklmnop" {
		field += "," + string(c) + "=1"
	}
	if got, ok := canonical(field); !ok || got != field {
		t.Fatalf("got %q, %v", got, ok)
	}
	if _, ok := canonical(field + ",q=1"); ok {
		t.Fatal("17 were taken")
	}
}

func TestRefusedInputs(t *testing.T) {
	for name, input := range map[string]string{
		"no list":              `"@method"`,
		"component a token":    `(@method)`,
		"component an integer": `(1)`,
		"empty name":           `("")`,
		"@ only":               `("@")`,
		"@ within":             `("a@b")`,
		"space in name":        `("a b")`,
		"long name":            `("` + strings.Repeat("a", 65) + `")`,
		"upper case":           `("Date")`,
		"req with a value":     `("date";req=1)`,
		"bs with key":          `("date";bs;key="a")`,
		"bs on derived":        `("@method";bs)`,
		"key on derived":       `("@method";key="a")`,
		"key a token":          `("date";key=a)`,
		"key empty":            `("date";key="")`,
		"key without value":    `("date";key)`,
		"name on a field":      `("date";name="a")`,
		"query-param unnamed":  `("@query-param")`,
		"created a string":     `();created="1"`,
		"created negative":     `();created=-1`,
		"created a decimal":    `();created=1.5`,
		"created true":         `();created`,
		"nonce a token":        `();nonce=a`,
		"nonce bytes":          `();nonce=:AAE=:`,
		"keyid an integer":     `();keyid=1`,
		"unknown":              `();x=1`,
	} {
		t.Run(name, func(t *testing.T) {
			if p, _, ok := read(input); ok {
				t.Fatalf("read as %+v", p)
			}
		})
	}
}

func TestQueryParamRefused(t *testing.T) {
	for name, uri := range map[string]string{
		"absent":       "https://a.example/?b=1",
		"twice":        "https://a.example/?a=1&a=2",
		"twice, coded": "https://a.example/?a=1&%61=2",
		"bad escape":   "https://a.example/?a=%zz",
		"no query":     "https://a.example/",
	} {
		m := Message{Method: "GET", TargetURI: uri}
		if base, err := Base(m, Params{Covered: []Component{{Name: "@query-param", QueryParam: "a"}}}); err == nil {
			t.Errorf("%s: %q", name, base)
		}
	}
}

func TestTargetsRefused(t *testing.T) {
	for _, uri := range []string{"", "/path", "//a.example/", "ftp://a.example/", "https://", "https:///path", "https://u:p@a.example/", "https://a.example/#f", "https://a.example/ x", "https://a.example/\n", "https://a.example/红"} {
		for _, name := range []string{"@target-uri", "@authority", "@path", "@query"} {
			if base, err := Base(Message{Method: "GET", TargetURI: uri}, Params{Covered: []Component{{Name: name}}}); err == nil {
				t.Errorf("%q: %q", uri, base)
			}
		}
	}
}

// RFC 9421 §2.4: "req" is for responses, and takes from a request.
func TestReqRefused(t *testing.T) {
	request := Message{Method: "GET", TargetURI: "https://a.example/", Header: http.Header{}}
	response := Message{Status: 200, Header: http.Header{}}
	method := Component{Name: "@method", Req: true}
	for name, test := range map[string]struct {
		message Message
		covered Component
	}{
		"in a request":           {Message{Method: "GET", TargetURI: "https://a.example/", Request: &request}, method},
		"no request":             {response, method},
		"of a response":          {Message{Status: 200, Request: &response}, Component{Name: "@status", Req: true}},
		"status of a request":    {Message{Status: 200, Request: &request}, Component{Name: "@status", Req: true}},
		"method of a response":   {Message{Status: 200, Request: &request}, Component{Name: "@method"}},
		"status below 100":       {Message{Status: 99}, Component{Name: "@status"}},
		"status of four figures": {Message{Status: 1000}, Component{Name: "@status"}},
		"member of no field":     {Message{Status: 200, Request: &request}, Component{Name: "signature", Req: true, Key: "sig1"}},
	} {
		if base, err := Base(test.message, Params{Covered: []Component{test.covered}}); err == nil {
			t.Errorf("%s: %q", name, base)
		}
	}
}
