package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kapok/gateway"
	"kapok/gateway/httpapi/address"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

// ListMyAccesses shows the citizen who asked for their data, refusals included.
func (h handlers) ListMyAccesses(ctx context.Context, request ListMyAccessesRequestObject) (ListMyAccessesResponseObject, error) {
	ctx, v := unwrap(ctx)
	before, err := parsePlace(request.Params.Cursor)
	if err != nil {
		return nil, err
	}
	asked := request.Params
	found, next, more, err := h.accessesOf(ctx, v.session.SubjectRef, accessFilter{
		department: asked.Department, item: asked.Item, kinds: asked.Kind, since: asked.Since, until: asked.Until,
	}, before, limit(asked.Limit))
	if err != nil {
		return nil, err
	}
	if err := h.recordReading(ctx, v, "my-accesses", len(found)); err != nil {
		return nil, err
	}
	page := AccessPage{Accesses: []Access{}}
	for _, one := range found {
		page.Accesses = append(page.Accesses, h.ownAccess(one))
	}
	if more {
		page.Next, err = placeCursor(next)
	}
	return ListMyAccesses200JSONResponse(page), err
}

// ownAccess shows a person an entry of their record.
func (h handlers) ownAccess(one postgres.LedgerEntry) Access {
	shown := h.names.access(one)
	shown.Officer = "" // for auditors only
	shown.Receipt = "/v1/me/accesses/" + url.PathEscape(one.Origin) + "/" + strconv.FormatUint(one.Index, 10) + "/receipt"
	return shown
}

// GetMyReceipt hands out the proof of one access. An entry that concerns another
// person is as if it did not exist.
func (h handlers) GetMyReceipt(ctx context.Context, request GetMyReceiptRequestObject) (GetMyReceiptResponseObject, error) {
	ctx, v := unwrap(ctx)
	sealed, err := ledger.SealedAt(ctx, h.record, request.Origin, uint64(request.Index))
	if err != nil {
		return nil, err
	}
	if sealed.Entry.Value(ledger.SubjectField) != v.session.SubjectRef {
		return nil, gateway.Fail(gateway.NotFound, "ledger-entry-unknown", "There is no such entry in the ledger.")
	}
	at := []ledger.Field{{Name: "origin", Value: request.Origin}, {Name: "index", Value: strconv.FormatInt(request.Index, 10)}}
	if err := h.recordReading(ctx, v, "my-receipt", 1, at...); err != nil {
		return nil, err
	}
	receipt, err := sealed.Receipt(forCitizen)
	if err != nil {
		return nil, err
	}
	return rawJSON(receipt), nil
}

// forCitizen leaves out the officer, who is for auditors only, and the reference by
// which a reader could tie two receipts to one person.
func forCitizen(field string) bool { return field != "officer" && field != ledger.SubjectField }

// ListExchanges shows the bureau what goes on. Whom it concerns is not in it.
func (h handlers) ListExchanges(ctx context.Context, request ListExchangesRequestObject) (ListExchangesResponseObject, error) {
	ctx, v := unwrap(ctx)
	before := map[string]uint64{} // by origin: the pages so far ended above this index
	if err := readCursor(request.Params.Cursor, &before); err != nil {
		return nil, err
	}
	most := limit(request.Params.Limit)
	found, err := h.record.Recent(ctx, before, most)
	if err != nil {
		return nil, err
	}
	if err := h.recordReading(ctx, v, "exchanges", len(found)); err != nil {
		return nil, err
	}
	page := AccessPage{Accesses: []Access{}}
	for _, one := range found {
		shown := h.names.access(one)
		if !holds(v.session, RoleAuditor) {
			shown.Officer = ""
		}
		page.Accesses = append(page.Accesses, shown)
		before[one.Origin] = one.Index
	}
	if len(found) == most {
		page.Next, err = address.Cursor(before)
	}
	return ListExchanges200JSONResponse(page), err
}

const defaultLimit = 20

func limit(asked int) int {
	if asked == 0 {
		return defaultLimit
	}
	return asked
}

// access shows an entry of the ledger. Its fields are those that exchange and basis
// record; one that was erased is left out.
func (n names) access(recorded postgres.LedgerEntry) Access {
	entry := recorded.Entry
	itemCode, _, _ := strings.Cut(entry.Value("item"), "@")
	return Access{
		Origin: recorded.Origin, Index: int64(recorded.Index), At: entry.At, Kind: string(entry.Kind), Ref: entry.Ref,
		Department: named(entry, "department", n.department), System: named(entry, "system", n.system),
		Item: n.itemOf(itemCode), Operation: entry.Value("operation"), Tests: entry.Value("tests"),
		Asked: n.fields(itemCode, list(entry.Value("fields"))), Returned: n.fields(itemCode, list(entry.Value("returned"))),
		ServiceItem: named(entry, "service-item", n.serviceItem), CaseNo: entry.Value("case"), Officer: entry.Value("officer"), Door: entry.Value("door"), PeerDepartment: entry.Value("peer-department"),
		Purpose: named(entry, "purpose", n.purpose), BasisID: entry.Value("basis"), BasisKind: entry.Value("basis-kind"),
		LegalProvision: entry.Value("provision"), Provider: named(entry, "provider", n.department), AsOf: entry.Value("as-of"), Cached: entry.Value("cached") == "true",
		Result: entry.Value("result"), Code: entry.Value("code"), Excess: list(entry.Value("excess")), RetryOf: entry.Value("retry-of"),
	}
}

func (n names) itemOf(code string) Named {
	if code == "" {
		return Named{}
	}
	return n.item(code)
}

func named(entry ledger.Entry, field string, by func(string) Named) Named {
	id := entry.Value(field)
	if id == "" {
		return Named{}
	}
	return by(id)
}

// rawJSON is an answer whose bytes mean something as they are: a receipt, the bundle.
type rawJSON []byte

func (r rawJSON) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(r)
	return err
}

// VisitGetMyReceiptResponse writes the receipt.
func (r rawJSON) VisitGetMyReceiptResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetBasisReceiptResponse writes the receipt.
func (r rawJSON) VisitGetBasisReceiptResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetTrustResponse writes the bundle.
func (r rawJSON) VisitGetTrustResponse(w http.ResponseWriter) error { return r.write(w) }
