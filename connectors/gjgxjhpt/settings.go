package gjgxjhpt

import (
	"fmt"
	"net/url"
	"strings"
)

// Settings describe one interface of the platform.
type Settings struct {
	URL    string // the interface, http or https
	KeyURL string // the key exchange, http or https
	RID    string // who asks: the consumer's id (请求方)
	SID    string // what is asked: the interface's id (服务方)
	AppKey string // the consumer's own key, in plain; from the secret store
	Cipher string // how the secret is sealed: "cbc" or "ecb"

	SubjectParam     string            // the body's name for the subject's number
	SubjectField     string            // the record's name for it, compared with what was asked
	ServiceItemParam string            // the body's name for the 事项 code; "" where the interface has none
	CaseParam        string            // the body's name for the case number; "" where the interface has none
	Params           map[string]string // constant members of the body
	Records          string            // where the records stand in the answer, an RFC 6901 pointer
	AsOf             string            // where "true as of" stands in the answer, likewise; "" where it does not
}

// constantPrefix marks a setting that is a constant member of the question.
const constantPrefix = "param."

// ParseSettings reads settings as the catalogue holds them. Required: url,
// key_url, rid, sid, app_key (the name of a secret, looked up in secrets),
// subject_param. Optional: subject_field (as subject_param), cipher (cbc),
// service_item_param, case_param, records (/data), as_of, param.<name>.
// An unknown setting is an error: it would be a misspelt one.
func ParseSettings(settings map[string]string, secrets func(name string) (string, error)) (Settings, error) {
	s := Settings{Cipher: "cbc", Records: "/data", Params: map[string]string{}}
	var secretName string
	known := map[string]*string{
		"url": &s.URL, "key_url": &s.KeyURL, "rid": &s.RID, "sid": &s.SID, "app_key": &secretName, "cipher": &s.Cipher,
		"subject_param": &s.SubjectParam, "subject_field": &s.SubjectField,
		"service_item_param": &s.ServiceItemParam, "case_param": &s.CaseParam,
		"records": &s.Records, "as_of": &s.AsOf,
	}
	for name, value := range settings {
		if constant, isConstant := strings.CutPrefix(name, constantPrefix); isConstant {
			s.Params[constant] = value
			continue
		}
		target, found := known[name]
		if !found {
			return Settings{}, fmt.Errorf("setting %q is not one of gjgxjhpt's", name)
		}
		*target = value
	}
	if s.SubjectField == "" {
		s.SubjectField = s.SubjectParam
	}
	var err error
	if s.AppKey, err = secrets(secretName); err != nil {
		return Settings{}, fmt.Errorf("setting app_key: %w", err)
	}
	return s, s.check()
}

func (s Settings) check() error {
	required := []struct{ name, value string }{
		{"rid", s.RID}, {"sid", s.SID}, {"app_key", s.AppKey},
		{"subject_param", s.SubjectParam}, {"subject_field", s.SubjectField},
	}
	for _, setting := range required {
		if setting.value == "" {
			return fmt.Errorf("setting %s is missing", setting.name)
		}
	}
	if _, known := modes[s.Cipher]; !known {
		return fmt.Errorf("setting cipher is neither cbc nor ecb")
	}
	if err := checkURL("url", s.URL); err != nil {
		return err
	}
	if err := checkURL("key_url", s.KeyURL); err != nil {
		return err
	}
	_, err := s.layout()
	return err
}

// layout is where things stand in an answer.
type layout struct {
	subject string
	records path
	asOf    path // nil where the interface does not say
}

func (s Settings) layout() (layout, error) {
	records, err := parsePath(s.Records)
	if err != nil {
		return layout{}, fmt.Errorf("setting records: %w", err)
	}
	found := layout{subject: s.SubjectField, records: records}
	if s.AsOf == "" {
		return found, nil
	}
	if found.asOf, err = parsePath(s.AsOf); err != nil {
		return layout{}, fmt.Errorf("setting as_of: %w", err)
	}
	return found, nil
}

func checkURL(name, value string) error {
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Errorf("setting %s is not an http or https address without credentials", name)
	}
	return nil
}
