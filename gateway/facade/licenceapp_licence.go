package facade

import (
	"bytes"
	"context"
	"encoding/json"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/licence"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/ofd/render"
)

// Data is a licence's data, by the API's names: those of the standard's elements, and what
// the type adds as the JSON text data_fields.
type Data struct {
	Members  map[string]string
	Exchange string
	handed
}

// Licence answers license/get_license.
func (s *LicenceApp) Licence(ctx context.Context, system *catalog.System, useCode string, call exchange.Call) (Data, error) {
	b, err := s.behindUseCode(ctx, useCode, system)
	if err != nil {
		return Data{}, err
	}
	release, err := s.use(ctx, licenceAppFacade(system), b, gateway.View, call)
	if err != nil {
		return Data{}, err
	}
	data := Data{handed: handed{release.Handed}}
	var told released
	if err = json.Unmarshal(release.Body, &told); err == nil {
		data.Exchange = told.Exchange
		data.Members, err = s.members(b, told.Data)
	}
	if err != nil {
		data.Handed(err)
		return Data{}, err
	}
	data.Members["auth_code"], data.Members["license_status"] = useCode, issued
	return data, nil
}

// holderNumber is the API's name of the holder's number.
const holderNumber = "holder_identity_num"

// ownNames are names of the API that are no element of the standard.
var ownNames = []string{"trust_level"}

// members writes what was released by the API's names. The holder's number, which policies
// may have hidden, is the one that the system itself asked by and that VERIFY found right:
// without it, clients of the API take the licence for another person's.
func (s *LicenceApp) members(b behind, values map[string]json.RawMessage) (map[string]string, error) {
	c := s.Catalog()
	item, known := c.Item(b.Item)
	if !known {
		return nil, errLeft
	}
	m, err := s.metadata(item, values)
	if err != nil {
		return nil, err
	}
	out := map[string]string{"data_fields": "{}"}
	for _, name := range ownNames {
		if value, held := m.Extended[name]; held {
			out[name] = value
			delete(m.Extended, name)
		}
	}
	delete(m.Extended, "license_status")
	named, err := m.Encode(licence.Guangdong)
	if err != nil {
		return nil, err
	}
	for _, pair := range named {
		out[pair.Name] = pair.Value
	}
	if _, released := out[holderNumber]; released {
		out[holderNumber] = b.IDNumber
	}
	out["license_item_code"], out["name"], _ = c.LicenceCode(item)
	return out, nil
}

// Archive answers license/archive.
func (s *LicenceApp) Archive(ctx context.Context, system *catalog.System, useCode string, call exchange.Call) (File, error) {
	b, err := s.behindUseCode(ctx, useCode, system)
	if err != nil {
		return File{}, err
	}
	return s.file(ctx, licenceAppFacade(system), b, call)
}

// PageCode answers license/token: a code that opens the licence's page once.
func (s *LicenceApp) PageCode(ctx context.Context, system *catalog.System, useCode string) (string, error) {
	b, err := s.behindUseCode(ctx, useCode, system)
	if err != nil {
		return "", err
	}
	return s.lend(ctx, pageCodes, b)
}

// Page answers license/view_license: page one of an annotated copy, as SVG. Whoever opens
// it is not signed in: the code, a minute old at most, says which system lent it.
func (s *LicenceApp) Page(ctx context.Context, pageCode string, call exchange.Call) (File, error) {
	b, err := s.behindOnce(ctx, pageCodes, pageCode)
	if err != nil {
		return File{}, err
	}
	system, known := s.Catalog().System(b.System)
	if !known || system.LicenceApp == nil {
		return File{}, gateway.Fail(gateway.Unauthenticated, "licence-token-invalid", "The access token serves no more; log in again.")
	}
	file, err := s.file(ctx, licenceAppFacade(system), b, call)
	if err != nil {
		return File{}, err
	}
	picture, err := drawn(file.Content)
	if err != nil {
		file.Handed(err)
		return File{}, err
	}
	file.Content = picture
	return file, nil
}

func drawn(document []byte) ([]byte, error) {
	opened, err := ofd.Open(bytes.NewReader(document), int64(len(document)), ofd.Limits{})
	if err != nil {
		return nil, err
	}
	picture, err := render.SVG(opened, 0)
	return picture.SVG, err
}
