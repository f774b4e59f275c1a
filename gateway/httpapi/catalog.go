package httpapi

import (
	"context"

	"kapok/catalog"
	"kapok/gateway"
)

// ListCatalogItems lists what can be asked for.
func (h handlers) ListCatalogItems(context.Context, ListCatalogItemsRequestObject) (ListCatalogItemsResponseObject, error) {
	directory := h.catalog()
	listed := CatalogItemList{Catalog: directory.Digest(), Items: []CatalogItem{}}
	for item := range directory.Items() {
		listed.Items = append(listed.Items, h.names.catalogItem(item))
	}
	return ListCatalogItems200JSONResponse(listed), nil
}

// GetCatalogItem shows one item.
func (h handlers) GetCatalogItem(_ context.Context, request GetCatalogItemRequestObject) (GetCatalogItemResponseObject, error) {
	item, known := h.catalog().Item(request.Category + "/" + request.Serial)
	if !known {
		return nil, gateway.Fail(gateway.NotFound, "item-unknown", "The catalogue holds no such data item.")
	}
	return GetCatalogItem200JSONResponse(h.names.catalogItem(item)), nil
}

func (n names) catalogItem(item *catalog.Item) CatalogItem {
	shown := CatalogItem{
		Code: item.Code, Version: item.Version, Name: item.Name, Provider: n.department(item.Provider),
		Abstract: item.Abstract, SharedType: CatalogItemSharedType(item.SharedType), Condition: item.Condition,
		UpdateCycle: item.UpdateCycle, UseConditions: item.UseConditions, Fields: []CatalogField{},
	}
	for _, field := range item.Fields {
		shown.Fields = append(shown.Fields, CatalogField{
			Name: field.Name, Label: field.Label, Type: string(field.Type), Sensitive: field.Sensitive,
		})
	}
	return shown
}
