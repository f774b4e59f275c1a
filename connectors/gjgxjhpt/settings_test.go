package gjgxjhpt

import (
	"errors"
	"maps"
	"testing"
)

func interfaceSettings() map[string]string {
	return map[string]string{
		"url": "http://127.0.0.1:8641/gjgxjhpt/service", "key_url": "http://127.0.0.1:8641/gjgxjhpt/key",
		"rid": "rid-440106-kapok", "sid": "sid-mps-household-0001", "app_key": "platform-app-key",
		"subject_param": "GMSFHM", "records": "/data/records", "as_of": "/data/asOf", "param.version": "1",
	}
}

func vault(name string) (string, error) {
	if name != "platform-app-key" {
		return "", errors.New("no such secret")
	}
	return "test-appkey-0001", nil
}

func TestParseSettings(t *testing.T) {
	s, err := ParseSettings(interfaceSettings(), vault)
	if err != nil {
		t.Fatal(err)
	}
	if s.AppKey != "test-appkey-0001" || s.Cipher != "cbc" || s.SubjectField != "GMSFHM" || s.Params["version"] != "1" {
		t.Errorf("%+v", s)
	}
}

func TestParseSettingsRefused(t *testing.T) {
	cases := map[string]map[string]string{
		"no url":              {"url": ""},
		"a url of no host":    {"url": "/service"},
		"a url of a file":     {"key_url": "file:///etc/passwd"},
		"credentials in url":  {"url": "http://kapok:secret@127.0.0.1/"},
		"no rid":              {"rid": ""},
		"no sid":              {"sid": ""},
		"unknown secret":      {"app_key": "another"},
		"no secret":           {"app_key": ""},
		"unknown cipher":      {"cipher": "gcm"},
		"no subject":          {"subject_param": ""},
		"records no pointer":  {"records": "data.records"},
		"as_of no pointer":    {"as_of": "asOf"},
		"a misspelt setting":  {"sibject_param": "GMSFHM"},
		"the whole as record": {"records": "/"},
	}
	for name, change := range cases {
		settings := interfaceSettings()
		maps.Copy(settings, change)
		if s, err := ParseSettings(settings, vault); err == nil {
			t.Errorf("%s: accepted as %+v", name, s)
		}
	}
}
