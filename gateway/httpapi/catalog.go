package httpapi

import (
	"context"
	"time"

	"kapok/catalog"
	"kapok/gateway"
)

// ListCatalogItems lists what can be asked for.
func (h handlers) ListCatalogItems(context.Context, ListCatalogItemsRequestObject) (ListCatalogItemsResponseObject, error) {
	directory := h.catalog()
	listed := CatalogItemList{Catalog: directory.Digest(), Items: []CatalogItem{}}
	for item := range directory.Items() {
		listed.Items = append(listed.Items, h.catalogItem(directory, item))
	}
	return ListCatalogItems200JSONResponse(listed), nil
}

// GetCatalogItem shows one item.
func (h handlers) GetCatalogItem(_ context.Context, request GetCatalogItemRequestObject) (GetCatalogItemResponseObject, error) {
	directory := h.catalog()
	item, known := directory.Item(request.Category + "/" + request.Serial)
	if !known {
		return nil, gateway.Fail(gateway.NotFound, "item-unknown", "The catalogue holds no such data item.")
	}
	return GetCatalogItem200JSONResponse(h.catalogItem(directory, item)), nil
}

func (h handlers) catalogItem(directory *catalog.Catalog, item *catalog.Item) CatalogItem {
	n := h.names
	shown := CatalogItem{
		Code: item.Code, Version: item.Version, Name: item.Name, Provider: n.department(item.Provider),
		Abstract: item.Abstract, SharedType: CatalogItemSharedType(item.SharedType), Condition: item.Condition,
		UpdateCycle: item.UpdateCycle, UseConditions: item.UseConditions, Fields: []CatalogField{},
		CacheSeconds: int(item.Cache.Seconds()), FreshnessSeconds: int(item.Freshness.Seconds()),
	}
	if source, known := directory.Source(item.Source); known {
		shown.Source = catalogSource(source, h.now())
	}
	for _, field := range item.Fields {
		shown.Fields = append(shown.Fields, CatalogField{
			Name: field.Name, Label: field.Label, Type: string(field.Type), Sensitive: field.Sensitive,
		})
	}
	return shown
}

// catalogSource says what is promised of a source, and which closures are to come.
func catalogSource(source *catalog.Source, now time.Time) CatalogSource {
	shown := CatalogSource{Availability: source.Promise.Availability, P95Ms: source.Promise.P95.Milliseconds(), Maintenance: []SourceWindow{}}
	for _, window := range source.Maintenance {
		if now.Before(window.Until) {
			shown.Maintenance = append(shown.Maintenance, SourceWindow{From: window.From, Until: window.Until, Reason: window.Reason})
		}
	}
	return shown
}
