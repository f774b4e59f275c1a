package licenceapp

import (
	"maps"
	"net/http"

	"kapok/connectors"
	"kapok/connectors/settings"
)

// declared is what the catalogue says of one licence type at the province.
type declared struct {
	url                         string // with the API's prefix, without a slash at its end
	itemCode                    string // license_item_code, 证照类型代码
	appKey, account, orgCode    string
	appSecretName, passwordName string
	expiredCode                 string
	operator                    map[string]string
}

const operatorPrefix = "operator."

// parse reads settings as the catalogue holds them. Required: url, item_code, app_key,
// account, app_secret and password (the names of secrets), operator.account,
// operator.name. Optional: org_code, expired_code, operator.<member>. operator.account is
// told where no officer is known.
func parse(given map[string]string) (declared, error) {
	d := declared{expiredCode: "ACCESS_TOKEN_INVALID", operator: map[string]string{}}
	known := map[string]*string{
		"url": &d.url, "item_code": &d.itemCode, "app_key": &d.appKey, "account": &d.account, "org_code": &d.orgCode,
		"app_secret": &d.appSecretName, "password": &d.passwordName, "expired_code": &d.expiredCode,
	}
	if err := settings.Read(given, known, map[string]map[string]string{operatorPrefix: d.operator}); err != nil {
		return d, err
	}
	if err := settings.Address("url", d.url); err != nil {
		return d, err
	}
	return d, settings.Complete(
		settings.Required{Name: "item_code", Value: d.itemCode}, settings.Required{Name: "app_key", Value: d.appKey},
		settings.Required{Name: "account", Value: d.account}, settings.Required{Name: "expired_code", Value: d.expiredCode},
		settings.Required{Name: "operator.account", Value: d.operator["account"]},
		settings.Required{Name: "operator.name", Value: d.operator["name"]})
}

// operatorOf is the member operator of a question: the one of the settings, with the
// reference of the officer who asks as its account, and the system as its role. The name
// stays the settings': Kapok keeps no names of officers.
func (d declared) operatorOf(who connectors.Operator) map[string]string {
	told := maps.Clone(d.operator)
	for member, value := range map[string]string{"account": who.Officer, "role": who.System, "service_org": who.Department} {
		if _, fixed := d.operator[member]; value != "" && (!fixed || member == "account") {
			told[member] = value
		}
	}
	return told
}

func (d declared) session(secrets func(string) (string, error), client *http.Client) (*session, error) {
	appSecret, err := settings.Secret("app_secret", d.appSecretName, secrets)
	if err != nil {
		return nil, err
	}
	password, err := settings.Secret("password", d.passwordName, secrets)
	if err != nil {
		return nil, err
	}
	question := map[string]string{"app_key": d.appKey, "app_secret": appSecret, "account": d.account, "password": password}
	if d.orgCode != "" {
		question["org_code"] = d.orgCode
	}
	return &session{url: d.url + "/security/login", question: question, client: client}, nil
}
