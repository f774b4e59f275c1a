package certshare

import (
	"encoding/hex"
	"errors"
	"fmt"

	"kapok/connectors/settings"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// declared is what the catalogue says of one licence type at the service.
type declared struct {
	url            string // with the service's prefix, without a slash at its end
	typeCode       string // certTypeCode
	accessID       string
	accessToken    string
	key            *sm.PrivateKey // to which the service encrypts
	cipher         sm.Format
	category       string // certificateCallCategory
	organisational string // holderTypeCode of organisations; services differ
}

var ciphers = map[string]sm.Format{"c1c3c2": sm.C1C3C2, "c1c2c3": sm.C1C2C3, "asn1": sm.ASN1}

// parse reads settings as the catalogue holds them. Required: url, type_code, access_id,
// access_token and key (the names of secrets; the key is an SM2 private key in 64
// hexadecimal digits). Optional: cipher (c1c3c2, c1c2c3, asn1), category,
// holder_type_organisation.
func parse(given map[string]string, secrets func(name string) (string, error)) (declared, error) {
	d := declared{category: "依职能用证", organisational: string(gateway.CreditCode)}
	token, key, cipher := "", "", "c1c3c2"
	known := map[string]*string{
		"url": &d.url, "type_code": &d.typeCode, "access_id": &d.accessID, "access_token": &token, "key": &key,
		"cipher": &cipher, "category": &d.category, "holder_type_organisation": &d.organisational,
	}
	if err := settings.Read(given, known, nil); err != nil {
		return d, err
	}
	if err := settings.Address("url", d.url); err != nil {
		return d, err
	}
	err := settings.Complete(
		settings.Required{Name: "type_code", Value: d.typeCode}, settings.Required{Name: "access_id", Value: d.accessID},
		settings.Required{Name: "category", Value: d.category}, settings.Required{Name: "holder_type_organisation", Value: d.organisational})
	if err != nil {
		return d, err
	}
	format, named := ciphers[cipher]
	if !named {
		return d, errors.New("setting cipher is not one of c1c3c2, c1c2c3, asn1")
	}
	d.cipher = format
	if d.accessToken, err = settings.Secret("access_token", token, secrets); err != nil {
		return d, err
	}
	d.key, err = privateKey(key, secrets)
	return d, err
}

func privateKey(name string, secrets func(name string) (string, error)) (*sm.PrivateKey, error) {
	text, err := settings.Secret("key", name, secrets)
	if err != nil {
		return nil, err
	}
	scalar, err := hex.DecodeString(text)
	if err != nil {
		return nil, errors.New("setting key: the secret is not an SM2 private key in hexadecimal digits")
	}
	key, err := sm.ParsePrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("setting key: %w", err)
	}
	return key, nil
}

// holderType is the service's code of what a holder's number is.
func (d declared) holderType(kind gateway.IdentityType) string {
	if kind == gateway.CreditCode {
		return d.organisational
	}
	return string(kind)
}
