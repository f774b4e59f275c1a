package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/gowebpki/jcs"

	"kapok/crypto/httpsig"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
	"kapok/gateway/messages"
	"kapok/policies"
)

// testimony is a sealed message with the digest by which its entry commits to it.
// The zero one stands beside no entry.
type testimony struct {
	attachment *ledger.Attachment
	digest     string
}

// committed adds the commitment to the entry beside which the message is kept.
func (t testimony) committed(entry ledger.Entry) ledger.Entry {
	if t.attachment != nil {
		entry.Fields = append(entry.Fields, ledger.Field{Name: evidence.MessagesField, Value: t.digest})
	}
	return entry
}

func (s *Service) sealed(ctx context.Context, u *use, message []byte) (testimony, error) {
	attachment, err := s.messages.Seal(ctx, u.resolved.SubjectRef, messages.Use, message)
	if err != nil {
		return testimony{}, err
	}
	return testimony{attachment, evidence.Digest(message)}, nil
}

// sealRequest keeps what the caller signed and, as far as the path went, what was
// decided and on what.
func (s *Service) sealRequest(ctx context.Context, u *use) (testimony, error) {
	return s.sealed(ctx, u, evidence.Request{
		Base: u.caller.Base, Body: u.call.Body, Signature: u.caller.Signature, Decision: u.decisionMade(), Order: u.orderID(),
	}.Encode())
}

// sealAnswer keeps what the source signed, without a value of it.
func (s *Service) sealAnswer(ctx context.Context, u *use) (testimony, error) {
	return s.sealed(ctx, u, evidence.Answer{
		AsOf: u.asOf(), Digest: u.answer.BodyDigest[:], Provider: u.item.Provider, Source: u.item.Source,
		Records: len(u.answer.Records), Signature: u.answer.Signature,
	}.Encode())
}

// releaseMessage keeps what Kapok signed; nothing of the body but its digest.
func releaseMessage(answer httpsig.Message) ([]byte, error) {
	params, signature, err := httpsig.Parse(answer, responseLabel)
	if err != nil {
		return nil, err
	}
	base, err := httpsig.Base(answer, params)
	if err != nil {
		return nil, err
	}
	return evidence.Release{Base: base, Signature: signature}.Encode(), nil
}

// decisionMade writes all that the decision depended on, so that it can be made again
// years later by the same policies; nil when none was made.
func (u *use) decisionMade() json.RawMessage {
	if u.input == nil {
		return nil
	}
	o := evidence.NewObject(4096)
	o.Bool("allowed", u.decision.Allowed)
	o.Text("basis_document", u.basisDigest())
	o.Text("catalogue", u.live.Catalog.Digest())
	o.Text("code", u.decision.Code)
	o.Raw("input", u.live.known.written.input(u.input))
	o.Texts("obligations", u.decision.Obligations)
	o.Text("policy_set", u.decision.PolicySet)
	o.Texts("reasons", reasonPolicies(u.decision))
	return o.End()
}

// basisDigest is the SM3 of the basis's signed document; "" when none was found.
func (u *use) basisDigest() string {
	if !u.resolved.Found {
		return ""
	}
	digest := sm.Sum(u.resolved.BasisDocument)
	return fmt.Sprintf("%x", digest)
}

// written is what of the decisions' inputs the catalogue fixes, in canonical JSON,
// made once.
type written struct {
	systems map[string]json.RawMessage
	items   map[string]json.RawMessage
	grants  map[*policies.Grant]json.RawMessage
}

func write(k known) (w written, err error) {
	w = written{map[string]json.RawMessage{}, map[string]json.RawMessage{}, map[*policies.Grant]json.RawMessage{}}
	for id, system := range k.systems {
		if w.systems[id], err = canonical(system); err != nil {
			return w, err
		}
	}
	for code, item := range k.items {
		if w.items[code], err = canonical(item); err != nil {
			return w, err
		}
	}
	for _, grants := range k.grants {
		for _, grant := range grants {
			if w.grants[grant], err = canonical(grant); err != nil {
				return w, err
			}
		}
	}
	return w, nil
}

func canonical(value any) (json.RawMessage, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(plain)
}

// input writes policies.Input as encoding/json would, in canonical form. A test
// compares the two, so that a new member is not forgotten.
func (w written) input(in *policies.Input) json.RawMessage {
	o := evidence.NewObject(3072)
	o.Raw("Ask", writtenAsk(in.Ask))
	o.Raw("Basis", writtenBasis(in.Basis))
	o.Raw("Grant", w.grant(in.Grant))
	o.Raw("Item", w.items[in.Item.Code])
	o.Text("Network", network(in.Network))
	o.Time("Now", in.Now)
	o.Text("Subject", in.Subject)
	o.Raw("System", w.systems[in.System.ID])
	o.Raw("Template", writtenTemplate(in.Template))
	return o.End()
}

func writtenTemplate(t *policies.Template) json.RawMessage {
	if t == nil {
		return nil
	}
	o := evidence.NewObject(512)
	o.Texts("Fields", t.Fields)
	o.Text("ID", t.ID)
	o.Number("Version", t.Version)
	return o.End()
}

// grant writes one of the workflow's afresh: it is not the catalogue's.
func (w written) grant(g *policies.Grant) json.RawMessage {
	if known, ok := w.grants[g]; ok || g == nil {
		return known
	}
	text, err := canonical(g)
	if err != nil { // cannot happen: texts, numbers and times only
		return nil
	}
	return text
}

// network writes an address as its MarshalText does; "" when it is not known.
func network(address netip.Addr) string {
	if !address.IsValid() {
		return ""
	}
	return address.String()
}

func writtenAsk(a policies.Ask) json.RawMessage {
	o := evidence.NewObject(512)
	o.Text("CaseNo", a.CaseNo)
	o.Texts("Fields", a.Fields)
	o.Text("Operation", string(a.Operation))
	o.Text("Purpose", a.Purpose)
	o.Text("ServiceItem", a.ServiceItem)
	return o.End()
}

func writtenBasis(b *policies.Basis) json.RawMessage {
	if b == nil {
		return nil
	}
	o := evidence.NewObject(1024)
	o.Text("CaseNo", b.CaseNo)
	o.Text("Department", b.Department)
	o.Time("Expires", b.Expires)
	o.Texts("Fields", b.Fields)
	o.Time("From", b.From)
	o.Text("ID", b.ID)
	o.Text("Item", b.Item)
	o.Number("ItemVersion", b.ItemVersion)
	o.Text("Kind", b.Kind)
	o.Text("LegalProvision", b.LegalProvision)
	o.Texts("Operations", operationNames(b.Operations))
	o.Text("Purpose", b.Purpose)
	o.Text("ServiceItem", b.ServiceItem)
	o.Text("State", b.State)
	o.Text("Subject", b.Subject)
	o.Text("System", b.System)
	return o.End()
}

func operationNames(operations []gateway.Operation) []string {
	names := make([]string, len(operations))
	for i, operation := range operations {
		names[i] = string(operation)
	}
	return names
}
