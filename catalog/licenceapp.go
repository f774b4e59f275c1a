package catalog

import (
	"fmt"

	"kapok/gateway"
)

// LicenceApp says that a system asks for licences by Guangdong's API license-app/v1. It
// proves itself there by an app secret and a password and signs nothing: what it may do
// that way is therefore listed.
type LicenceApp struct {
	AppKey     string              `json:"app_key"`
	AppSecret  string              `json:"app_secret"` // name of the secret in the key store
	Account    string              `json:"account"`
	Password   string              `json:"password"` // name of the secret in the key store
	Operations []gateway.Operation `json:"operations"`
}

// ByLicenceApp finds the system of an account of license-app/v1.
func (c *Catalog) ByLicenceApp(appKey, account string) (*System, bool) {
	for _, system := range c.systems {
		if app := system.LicenceApp; app != nil && app.AppKey == appKey && app.Account == account {
			return system, true
		}
	}
	return nil, false
}

// licenceCodeSettings are the settings of an item that hold its licence type's code, by the
// protocol of a source that keeps licences elsewhere.
var licenceCodeSettings = map[string]string{"license-app": "item_code", "cert-share": "type_code"}

// LicenceCode is the code and the name of the licence type that an item holds: of this
// district's types, or, where the province keeps them, of its settings.
func (c *Catalog) LicenceCode(item *Item) (code, name string, is bool) {
	for _, kind := range c.licenceTypes {
		if kind.Item == item.Code {
			return kind.Code, kind.Name, true
		}
	}
	source, known := c.Source(item.Source)
	if !known {
		return "", "", false
	}
	setting, asked := licenceCodeSettings[source.Protocol]
	if !asked {
		return "", "", false
	}
	return item.SourceSettings[setting], item.Name, true
}

func licenceAppOnce(c *Catalog, s *System) error {
	if s.LicenceApp == nil {
		return nil
	}
	if s.Desk {
		return fmt.Errorf("a desk does not ask by license-app/v1")
	}
	same := func(o *System) bool {
		return o.LicenceApp != nil && o.LicenceApp.AppKey == s.LicenceApp.AppKey && o.LicenceApp.Account == s.LicenceApp.Account
	}
	if c.another(s, same) {
		return fmt.Errorf("another system has the account %q of this app_key", s.LicenceApp.Account)
	}
	return nil
}

func (l *loader) licenceApp(r *record) *LicenceApp {
	app := &LicenceApp{
		AppKey: r.text("app_key", paasID), AppSecret: r.text("app_secret", identifier),
		Account: r.text("account", paasID), Password: r.text("password", identifier),
	}
	for _, name := range r.texts("operations", oneOf(gateway.Operations()...)) {
		app.Operations = append(app.Operations, gateway.Operation(name))
	}
	return app
}
