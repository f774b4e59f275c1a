package rest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"kapok/connectors/jsonrecords"
	"kapok/connectors/settings"
	"kapok/crypto/sm"
)

// declared is what the catalogue says, checked but not yet joined.
type declared struct {
	url, method, send                                       string
	subjectParam, subjectField, serviceItemParam, caseParam string
	auth, authSecret, authHeader, authUser, tokenURL, scope string
	code, ok, records, asOf, missingStatus                  string
	answerKey, answerSignature, numberInAddress             string
	params, headers                                         map[string]string
}

func declare(given map[string]string) (declared, error) {
	d := declared{method: http.MethodPost, send: "json", auth: "none", params: map[string]string{}, headers: map[string]string{}}
	known := map[string]*string{
		"url": &d.url, "method": &d.method, "send": &d.send,
		"subject_param": &d.subjectParam, "subject_field": &d.subjectField,
		"service_item_param": &d.serviceItemParam, "case_param": &d.caseParam,
		"auth": &d.auth, "auth_secret": &d.authSecret, "auth_header": &d.authHeader, "auth_user": &d.authUser,
		"token_url": &d.tokenURL, "scope": &d.scope,
		"code": &d.code, "ok": &d.ok, "records": &d.records, "as_of": &d.asOf, "missing_status": &d.missingStatus,
		"answer_key": &d.answerKey, "answer_signature": &d.answerSignature, "number_in_address": &d.numberInAddress,
	}
	if err := settings.Read(given, known, map[string]map[string]string{"param.": d.params, "header.": d.headers}); err != nil {
		return d, err
	}
	if d.subjectField == "" {
		d.subjectField = d.subjectParam
	}
	return d, d.check()
}

func (d declared) check() error {
	if err := settings.Address("url", d.url); err != nil {
		return err
	}
	for _, rule := range []struct {
		holds bool
		says  string
	}{
		{d.subjectParam != "", "setting subject_param is missing"},
		{slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut}, d.method), "setting method is GET, POST or PUT"},
		{senders[d.send] != nil, "setting send is json, form, header or query"},
		{d.method != http.MethodGet || d.send == "query" || d.send == "header", "a GET has no body: setting send is header or query"},
		{d.send != "query" || d.numberInAddress == "accepted", "with send: query the number stands in addresses and the source's logs; say number_in_address: accepted"},
		{provers[d.auth] != nil, "setting auth is none, basic, bearer, header or oauth2"},
		{d.auth != "header" || d.authHeader != "", "setting auth_header is missing"},
		{d.auth != "basic" && d.auth != "oauth2" || d.authUser != "", "setting auth_user is missing"},
		{(d.answerKey == "") == (d.answerSignature == ""), "settings answer_key and answer_signature go together"},
	} {
		if !rule.holds {
			return fmt.Errorf("%s", rule.says)
		}
	}
	return nil
}

func (d declared) missing() (int, error) {
	if d.missingStatus == "" {
		return 0, nil
	}
	status, err := strconv.Atoi(d.missingStatus)
	if err != nil || status < 400 || status > 499 {
		return 0, fmt.Errorf("setting missing_status is a status from 400 to 499")
	}
	return status, nil
}

func (d declared) shape() (jsonrecords.Envelope, jsonrecords.Layout, error) {
	envelope, err := jsonrecords.ParseEnvelope(d.code, d.ok)
	if err != nil {
		return envelope, jsonrecords.Layout{}, err
	}
	layout, err := jsonrecords.ParseLayout(d.subjectField, d.records, d.asOf)
	return envelope, layout, err
}

// sourceKey is the key by which the source signs, nil where it does not.
func (d declared) sourceKey() (*sm.PublicKey, error) {
	if d.answerKey == "" {
		return nil, nil
	}
	point, err := base64.StdEncoding.DecodeString(d.answerKey)
	if err != nil {
		return nil, fmt.Errorf("setting answer_key is not base64")
	}
	key, err := sm.ParsePublicKey(point)
	if err != nil {
		return nil, fmt.Errorf("setting answer_key is not a point 04‖X‖Y of SM2")
	}
	return key, nil
}
