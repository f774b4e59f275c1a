package gjzwfwpt

import (
	"fmt"
	"strings"

	"kapok/connectors/jsonrecords"
	"kapok/connectors/settings"
)

// account is who asks.
type account struct {
	rid    string // the consumer's id
	appKey []byte
}

// inquiry describes one query interface.
type inquiry struct {
	url, sid                                                string
	subjectParam, subjectField, serviceItemParam, caseParam string
	params                                                  map[string]string
	layout                                                  jsonrecords.Layout
}

// constantPrefix marks a setting that is a constant member of the question.
const constantPrefix = "param."

// parse reads settings as the catalogue holds them. Required: url, rid, sid, app_key
// (the name of a secret), subject_param. Optional: subject_field (as subject_param),
// service_item_param, case_param, records (/data), as_of, param.<name>.
func parse(given map[string]string, secrets func(name string) (string, error)) (who account, q inquiry, err error) {
	records, asOf, secretName := "/data", "", ""
	q.params = map[string]string{}
	known := map[string]*string{
		"url": &q.url, "rid": &who.rid, "sid": &q.sid, "app_key": &secretName,
		"subject_param": &q.subjectParam, "subject_field": &q.subjectField,
		"service_item_param": &q.serviceItemParam, "case_param": &q.caseParam,
		"records": &records, "as_of": &asOf,
	}
	if err = settings.Read(given, known, map[string]map[string]string{constantPrefix: q.params}); err != nil {
		return who, q, err
	}
	if q.subjectField == "" {
		q.subjectField = q.subjectParam
	}
	if who, err = newAccount(who.rid, secretName, secrets); err != nil {
		return who, q, err
	}
	if q.layout, err = jsonrecords.ParseLayout(q.subjectField, records, asOf); err != nil {
		return who, q, err
	}
	return who, q, q.check()
}

func newAccount(rid, secretName string, secrets func(name string) (string, error)) (account, error) {
	if rid == "" {
		return account{}, fmt.Errorf("setting rid is missing")
	}
	key, err := settings.Secret("app_key", secretName, secrets)
	return account{rid, []byte(key)}, err
}

func (q inquiry) check() error {
	if err := settings.Address("url", q.url); err != nil {
		return err
	}
	err := settings.Complete(settings.Required{Name: "sid", Value: q.sid}, settings.Required{Name: "subject_param", Value: q.subjectParam})
	if err != nil {
		return err
	}
	names := []string{q.subjectParam, q.serviceItemParam, q.caseParam}
	for name := range q.params {
		names = append(names, name)
	}
	for _, name := range names {
		if name != strings.ToLower(name) {
			return fmt.Errorf("the name %q of a body's member is not in lower case, as the protocol wants", name)
		}
	}
	return nil
}
