package gjgxjhpt

import (
	"fmt"

	"kapok/connectors/jsonrecords"
	"kapok/connectors/settings"
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
func ParseSettings(given map[string]string, secrets func(name string) (string, error)) (Settings, error) {
	s := Settings{Cipher: "cbc", Records: "/data", Params: map[string]string{}}
	var secretName string
	known := map[string]*string{
		"url": &s.URL, "key_url": &s.KeyURL, "rid": &s.RID, "sid": &s.SID, "app_key": &secretName, "cipher": &s.Cipher,
		"subject_param": &s.SubjectParam, "subject_field": &s.SubjectField,
		"service_item_param": &s.ServiceItemParam, "case_param": &s.CaseParam,
		"records": &s.Records, "as_of": &s.AsOf,
	}
	if err := settings.Read(given, known, map[string]map[string]string{constantPrefix: s.Params}); err != nil {
		return Settings{}, err
	}
	if s.SubjectField == "" {
		s.SubjectField = s.SubjectParam
	}
	var err error
	if s.AppKey, err = settings.Secret("app_key", secretName, secrets); err != nil {
		return Settings{}, err
	}
	return s, s.check()
}

func (s Settings) check() error {
	err := settings.Complete(
		settings.Required{Name: "rid", Value: s.RID}, settings.Required{Name: "sid", Value: s.SID},
		settings.Required{Name: "app_key", Value: s.AppKey}, settings.Required{Name: "subject_param", Value: s.SubjectParam},
		settings.Required{Name: "subject_field", Value: s.SubjectField},
	)
	if err != nil {
		return err
	}
	if _, known := modes[s.Cipher]; !known {
		return fmt.Errorf("setting cipher is neither cbc nor ecb")
	}
	if err := settings.Address("url", s.URL); err != nil {
		return err
	}
	if err := settings.Address("key_url", s.KeyURL); err != nil {
		return err
	}
	_, err = s.layout()
	return err
}

func (s Settings) layout() (jsonrecords.Layout, error) {
	return jsonrecords.ParseLayout(s.SubjectField, s.Records, s.AsOf)
}
