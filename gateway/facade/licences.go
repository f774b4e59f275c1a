package facade

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/licence"
)

// handed tells the path what became of the bytes of each use in an answer.
type handed []func(error)

// Handed is called once by whoever writes the answer.
func (h handed) Handed(err error) {
	for _, tell := range h {
		tell(err)
	}
}

// licenceItem is an item that holds licences, with the code and the name of the licence.
type licenceItem struct {
	item       *catalog.Item
	code, name string
}

// usable are the licences that a system may ask for in a matter.
func (w World) usable(system *catalog.System, matter string) (found []licenceItem) {
	c, seen := w.Catalog(), map[string]bool{}
	for _, grant := range w.Path.GrantsOf(system.ID) {
		item, known := c.Item(grant.Item)
		if !known || seen[item.Code] || !slices.Contains(grant.ServiceItems, matter) {
			continue
		}
		if code, name, is := c.LicenceCode(item); is {
			seen[item.Code] = true
			found = append(found, licenceItem{item, code, name})
		}
	}
	return found
}

// released is what the path's answer says, as far as it is needed here.
type released struct {
	Exchange string                     `json:"exchange_id"`
	Data     map[string]json.RawMessage `json:"data"`
}

// errLeft is what happens when an edition is published in the middle of a use.
var errLeft = errors.New("facade: the item has left the catalogue")

// metadata reads what was released of a licence, whatever its source calls it.
func (w World) metadata(item *catalog.Item, values map[string]json.RawMessage) (licence.Metadata, error) {
	spoken := licence.Standard
	if source, _ := w.Catalog().Source(item.Source); source != nil && source.Protocol == "license-app" {
		spoken = licence.Guangdong
	}
	var pairs []licence.Pair
	for _, field := range item.Fields {
		if raw, sent := values[field.Name]; sent {
			pairs = append(pairs, licence.Pair{Name: field.SourceName, Value: text(raw)})
		}
	}
	m, _, err := licence.Decode(spoken, pairs)
	return m, err
}

// text is a released value without the quotes of a JSON text.
func text(raw json.RawMessage) string {
	var written string
	if json.Unmarshal(raw, &written) == nil {
		return written
	}
	return string(raw)
}

// File is an annotated copy (加注件) for the case file.
type File struct {
	Name     string
	Content  []byte
	Exchange string
	handed
}

// isMeant refuses a release that is of another licence than the one that was named.
func (w World) isMeant(b behind, release exchange.Release) error {
	m, err := w.readRelease(b.Item, release)
	if err != nil {
		return err
	}
	return meant(m, licence.IdentifierText, b.Identifier)
}

// file asks the path for an annotated copy.
func (w World) file(ctx context.Context, by exchange.Facade, b behind, call exchange.Call) (File, error) {
	release, err := w.use(ctx, by, b, gateway.Copy, call)
	if err != nil {
		return File{}, err
	}
	var told struct {
		Exchange string `json:"exchange_id"`
		Data     struct {
			Copy struct {
				Name    string `json:"file_name"`
				Content []byte `json:"content"`
			} `json:"annotated_copy"`
		} `json:"data"`
	}
	err = json.Unmarshal(release.Body, &told)
	if err == nil && b.Identifier != "" {
		err = w.isMeant(b, release)
	}
	if err == nil && len(told.Data.Copy.Content) == 0 {
		err = gateway.Fail(gateway.NotBuilt, "not-built", "Of this licence its source hands out data and no file; take the data.")
	}
	if err != nil {
		release.Handed(err)
		return File{}, err
	}
	return File{Name: told.Data.Copy.Name, Content: told.Data.Copy.Content, Exchange: told.Exchange, handed: handed{release.Handed}}, nil
}
