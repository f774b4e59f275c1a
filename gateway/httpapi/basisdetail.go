package httpapi

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/safe"
)

// GetMyBasis shows one basis with everything that befell it.
func (h handlers) GetMyBasis(ctx context.Context, request GetMyBasisRequestObject) (GetMyBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	d, err := h.safe.Detail(ctx, citizenOf(v.session), request.ID)
	if err != nil {
		return nil, err
	}
	b := d.Held.Basis
	shown := BasisDetail{
		Basis:    h.names.basis(b, b.StateAt(d.Held.State, h.now())),
		Document: string(d.Signed.Document), Signature: d.Signed.Signature, Certificate: d.Signed.Certificate,
		Optional: h.names.fields(b.Item, b.Optional), MaxUses: b.MaxUses, MaxUsesPerDay: b.PerDay, Uses: d.Uses,
		MandateID: b.Actor.MandateID, Notice: shownNotice(d.Notice), Events: []BasisEvent{},
		Recipients: h.names.erasures(d.Erased),
	}
	for _, e := range d.Events {
		shown.Events = append(shown.Events, basisEvent(b, e))
	}
	return GetMyBasis200JSONResponse(shown), nil
}

func basisEvent(b basis.Basis, e basis.Happened) BasisEvent {
	shown := BasisEvent{Seq: e.Seq, Event: string(e.Event), State: string(e.State), At: e.At.UTC(), By: actedBy(b, e), Reason: e.Reason}
	if e.Ref != "" {
		at := fmt.Sprintf("/v1/me/bases/%s/events/%d/", b.ID, e.Seq)
		shown.Receipt, shown.Page = at+"receipt", at+"page"
	}
	return shown
}

// actedBy says on whose side it was done; who in person is for auditors.
func actedBy(b basis.Basis, e basis.Happened) BasisEventBy {
	switch e.Actor {
	case "kapok":
		return "kapok"
	case b.SubjectRef:
		return "me"
	case b.System:
		return "department"
	case b.Actor.Ref:
		if b.Actor.MandateID != "" {
			return "agent"
		}
	}
	return "staff"
}

// PauseBasis holds a consent up.
func (h handlers) PauseBasis(ctx context.Context, request PauseBasisRequestObject) (PauseBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	return PauseBasis204Response{}, h.safe.Pause(ctx, citizenOf(v.session), request.ID)
}

// ResumeBasis lets a paused consent go on.
func (h handlers) ResumeBasis(ctx context.Context, request ResumeBasisRequestObject) (ResumeBasisResponseObject, error) {
	ctx, v := unwrap(ctx)
	return ResumeBasis204Response{}, h.safe.Resume(ctx, citizenOf(v.session), request.ID)
}

// happened finds an event of the person's own basis, with its entry in the ledger.
func (h handlers) happened(ctx context.Context, person safe.Person, id string, seq int) (safe.Detail, basis.Happened, ledger.Sealed, error) {
	d, err := h.safe.Detail(ctx, person, id)
	if err != nil {
		return d, basis.Happened{}, ledger.Sealed{}, err
	}
	for _, e := range d.Events {
		if e.Seq != seq || e.Ref == "" {
			continue
		}
		found, err := h.record.Find(ctx, e.Ref)
		if err != nil || len(found) == 0 {
			return d, e, ledger.Sealed{}, orNoReceipt(err)
		}
		sealed, err := ledger.SealedAt(ctx, h.record, found[0].Origin, found[0].Index)
		return d, e, sealed, err
	}
	return d, basis.Happened{}, ledger.Sealed{}, orNoReceipt(nil)
}

func orNoReceipt(err error) error {
	if err != nil {
		return err
	}
	return gateway.Fail(gateway.NotFound, "ledger-entry-unknown", "There is no such entry in the ledger.")
}

// GetBasisReceipt hands out the proof of an event.
func (h handlers) GetBasisReceipt(ctx context.Context, request GetBasisReceiptRequestObject) (GetBasisReceiptResponseObject, error) {
	ctx, v := unwrap(ctx)
	_, _, sealed, err := h.happened(ctx, citizenOf(v.session), request.ID, request.Seq)
	if err != nil {
		return nil, err
	}
	receipt, err := sealed.Receipt(forCitizen)
	if err != nil {
		return nil, err
	}
	return rawJSON(receipt), nil
}

//go:embed receipt.html
var receiptHTML string

// receiptPage is what people print.
type receiptPage struct {
	Kind, Event, At, Department, System, Item, Fields, ServiceItem, Purpose, Expires, EraseAt, Basis, Origin string
	Index                                                                                                    uint64
	Notice                                                                                                   string
}

// GetBasisPage is the receipt for people.
func (h handlers) GetBasisPage(ctx context.Context, request GetBasisPageRequestObject) (GetBasisPageResponseObject, error) {
	ctx, v := unwrap(ctx)
	d, e, sealed, err := h.happened(ctx, citizenOf(v.session), request.ID, request.Seq)
	if err != nil {
		return nil, err
	}
	page, err := template.New("receipt").Parse(receiptHTML)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, h.names.receipt(d, e, sealed))
	return GetBasisPage200TextHTMLResponse{Body: io.Reader(&out), ContentLength: int64(out.Len())}, err
}

func (n names) receipt(d safe.Detail, e basis.Happened, sealed ledger.Sealed) receiptPage {
	b := d.Held.Basis
	fields := ""
	for i, field := range n.fields(b.Item, b.Fields) {
		if i > 0 {
			fields += "、"
		}
		fields += field.Label
	}
	return receiptPage{
		Kind: string(b.Kind), Event: eventWords[e.Event], At: local(e.At), Department: n.department(b.Department).Name, System: n.system(b.System).Name,
		Item: n.item(b.Item).Name, Fields: fields, ServiceItem: n.serviceItem(b.ServiceItem).Name, Purpose: n.purpose(b.Purpose).Name,
		Expires: local(b.Expires), EraseAt: local(b.EraseAt), Basis: b.ID, Origin: sealed.Origin, Index: sealed.Index, Notice: d.Notice.Text,
	}
}

// local is the time in Beijing, as people read it.
func local(at time.Time) string {
	return at.In(time.FixedZone("CST", 8*60*60)).Format("2006-01-02 15:04:05")
}

var eventWords = map[basis.Event]string{
	basis.EventRequested: "被请求授权", basis.EventDeferred: "稍后决定", basis.EventGranted: "授权", basis.EventRefused: "不同意", basis.EventLapsed: "请求过期",
	basis.EventPaused: "暂停", basis.EventSuspended: "中止", basis.EventResumed: "恢复", basis.EventWithdrawn: "撤回", basis.EventExpired: "到期",
	basis.EventExhausted: "次数用完", basis.EventRevoked: "撤销", basis.EventInvalidated: "失效", basis.EventSuperseded: "被新授权取代",
	basis.EventClosed: "办结", basis.EventReviewed: "事后审查",
}
