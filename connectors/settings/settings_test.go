package settings_test

import (
	"errors"
	"strings"
	"testing"

	"kapok/connectors/settings"
)

func TestRead(t *testing.T) {
	var url string
	constants := map[string]string{}
	prefixes := map[string]map[string]string{"param.": constants}
	if err := settings.Read(map[string]string{"url": "u", "param.v": "1"}, map[string]*string{"url": &url}, prefixes); err != nil {
		t.Fatal(err)
	}
	if url != "u" || constants["v"] != "1" {
		t.Errorf("%q %v", url, constants)
	}
	for _, misspelt := range []string{"ulr", "param.", "Url"} {
		if settings.Read(map[string]string{misspelt: "x"}, map[string]*string{"url": &url}, prefixes) == nil {
			t.Errorf("%q was accepted", misspelt)
		}
	}
}

func TestAddress(t *testing.T) {
	for value, fine := range map[string]bool{
		"http://127.0.0.1:1/x": true, "https://source.test": true,
		"": false, "/x": false, "file:///etc/passwd": false, "http://kapok:secret@source.test/": false, "http://": false,
	} {
		if got := settings.Address("url", value) == nil; got != fine {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestSecretIsNeverRepeated(t *testing.T) {
	missing := errors.New("no such secret")
	if _, err := settings.Secret("key", "n", func(string) (string, error) { return "hush", missing }); !errors.Is(err, missing) || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
	if _, err := settings.Secret("key", "n", func(string) (string, error) { return "", nil }); err == nil {
		t.Error("an empty secret passed")
	}
	if _, err := settings.Secret("key", "", nil); err == nil {
		t.Error("no name passed")
	}
}
