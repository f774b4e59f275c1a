package licensing

import (
	"bytes"
	"context"
	"time"

	"kapok/gateway"
	"kapok/gateway/licence"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
)

// Collect takes over a licence that the officer's department issued by a system of its
// own (归集): a sealed OFD with the metadata that such files carry. It is verified on
// entry: only a file whose seals hold, under a root that is trusted here, of a type and
// an issuer that the catalogue lists, with an identifier that keeps GB/T 36904, comes in.
// What cannot be decided stays outside, and is not called forged.
func (s *Service) Collect(ctx context.Context, by Officer, file []byte) (Licence, error) {
	report := s.Verify.Document("collect", bytes.NewReader(file), int64(len(file)))
	if report.Verdict == verify.CannotBeKnown {
		return Licence{}, wrong(gateway.Invalid, "", "licence-file-undecided", "Something in the file is not known here, so its seals could not be decided. That does not say that it is forged.")
	}
	if report.Verdict != verify.Valid {
		return Licence{}, wrong(gateway.Invalid, "", "licence-file-not-valid", "Only a file whose seals hold without reservation is taken over; verify it at the desk to see the step.")
	}
	m, err := metadataIn(file)
	if err != nil {
		return Licence{}, err
	}
	t, holder, err := s.collectable(by, m)
	if err != nil {
		return Licence{}, err
	}
	subject, err := s.Subjects.SubjectRef(ctx, holder)
	if err != nil {
		return Licence{}, err
	}
	issued, err := time.ParseInLocation(time.DateOnly, m.Value(licence.IssuedOn), licence.Beijing())
	if err != nil {
		return Licence{}, wrong(gateway.Invalid, "", "licence-metadata", "The file's metadata names no day of issue.")
	}
	taken := Licence{Metadata: m, Record: Record{ID: gateway.NewRef(), SubjectRef: subject, Kind: t.kind.Code, Issuer: by.Department, Version: 1, IssuedAt: issued}}
	change, err := s.step(ctx, t, by, &taken, []licence.Event{licence.EventCollected})
	if err != nil {
		return Licence{}, err
	}
	if change.File, err = s.encrypt(ctx, subject, file); err != nil {
		return Licence{}, err
	}
	change.Lookups = s.lookups(t, m)
	return taken, s.apply(ctx, change)
}

func metadataIn(file []byte) (licence.Metadata, error) {
	opened, err := ofd.Open(bytes.NewReader(file), int64(len(file)), ofd.Limits{})
	if err != nil {
		return licence.Metadata{}, wrong(gateway.Invalid, "", "licence-metadata", "The file's metadata cannot be read.")
	}
	return metadataOf(opened)
}

// collectable holds what a file says against the catalogue.
func (s *Service) collectable(by Officer, m licence.Metadata) (terms, gateway.Identity, error) {
	if m.Value(licence.CopyMadeAt) != "" {
		return terms{}, gateway.Identity{}, wrong(gateway.Invalid, "", "licence-metadata", "The file is an annotated copy, not a licence.")
	}
	t, err := s.terms(by, m.Value(licence.TypeCode))
	if err != nil {
		return terms{}, gateway.Identity{}, err
	}
	_, odd, err := licence.ParseIdentifier(m.Value(licence.IdentifierText))
	if err != nil || len(odd) > 0 || m.Value(licence.IssuerCode) != t.office.USCC {
		return terms{}, gateway.Identity{}, wrong(gateway.Invalid, "", "licence-metadata", "The identifier (ZZBS) does not keep GB/T 36904, or the issuer's code (ZZBFJGDM) is not the department's.")
	}
	holder, err := gateway.ParseIdentity(gateway.IdentityType(m.Value(licence.HolderType)), m.Value(licence.HolderCode))
	if err != nil {
		return terms{}, gateway.Identity{}, wrong(gateway.Invalid, "", "licence-metadata", "The holder's code (CZZTDM) is not one of its type (CZZTDMLXDM).")
	}
	if m.Value(licence.TypeName) == "" {
		m.Elements[licence.TypeName] = t.kind.Name
	}
	return t, holder, m.Check()
}
