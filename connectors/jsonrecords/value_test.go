package jsonrecords

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decoded rebuilds a value with the walker alone, as encoding/json would decode it
// with the last of equal names winning.
func decoded(v Value) any {
	switch {
	case v.IsObject():
		object := map[string]any{}
		for name, inner := range v.Members() {
			object[name] = decoded(inner)
		}
		return object
	case v.IsArray():
		array := []any{}
		for inner := range v.Elements() {
			array = append(array, decoded(inner))
		}
		return array
	case v.IsNull():
		return nil
	}
	text, _ := v.Text()
	return text
}

// asText turns what encoding/json decoded into the walker's terms.
func asText(decoded any) any {
	switch known := decoded.(type) {
	case map[string]any:
		for name, inner := range known {
			known[name] = asText(inner)
		}
	case []any:
		for i, inner := range known {
			known[i] = asText(inner)
		}
	case json.Number:
		return known.String()
	case bool:
		if known {
			return "true"
		}
		return "false"
	}
	return decoded
}

func FuzzWalkerAgreesWithEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		`{"code":"0","data":{"records":[{"a":"b","n":-1.5e3,"t":true,"z":null}],"asOf":""}}`,
		` [ [ ] , { } , "\"}\\" , {"a":{"b":[1,2,{"c":"]"}]}} ] `, `"é\ud83d\ude00"`, `0`, `{"":""}`, `{"a":1,"a":2}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, valid := Parse(body)
		if !valid {
			return
		}
		var want any
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if diff := cmp.Diff(asText(want), decoded(v)); diff != "" {
			t.Errorf("%q (-encoding/json +walker):\n%s", body, diff)
		}
	})
}
