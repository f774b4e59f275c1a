package licensing

import (
	"bytes"
	"context"
	"encoding/hex"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/licence"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/ofd/render"
	"kapok/gateway/licence/verify"
)

// MaxFile is the largest file that is checked at a desk, in bytes.
const MaxFile = 16 << 20

// Checked is what a desk learns of a file: whether its seals hold, and, where it is a
// licence of this district, whether that is in force.
type Checked struct {
	Report  verify.Report
	Picture render.Picture // of page one; empty where it cannot be drawn
	Known   bool           // the district issued a licence of this identifier
	InForce bool           // asked of a known one whose seals hold
	Why     string         // a code: why a known one is not in force
}

// Check verifies a file that an officer was given. That it was, by whom and with what
// verdict is in the ledger before anything is answered; the file is not kept.
func (s *Service) Check(ctx context.Context, by Officer, file []byte) (Checked, error) {
	return s.CheckFor(ctx, by, file, nil)
}

// CheckFor is Check on an occasion that the entry tells about.
func (s *Service) CheckFor(ctx context.Context, by Officer, file []byte, about []ledger.Field) (Checked, error) {
	checked := Checked{Report: s.Verify.Document("desk", bytes.NewReader(file), int64(len(file)))}
	subject, version := "", ""
	if opened, err := ofd.Open(bytes.NewReader(file), int64(len(file)), ofd.Limits{}); err == nil {
		if drawn, err := render.SVG(opened, 0); err == nil {
			checked.Picture = drawn
		}
		if checked.Report.Verdict == verify.Valid || checked.Report.Verdict == verify.ValidFlagged {
			if subject, version, err = s.standing(ctx, opened, &checked); err != nil {
				return Checked{}, err
			}
		}
	}
	sum := sm.Sum(file)
	_, err := s.Log.Append(ctx, ledger.Append{Subject: subject, Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: "licence-file-verified", Ref: hex.EncodeToString(sum[:16]), At: s.Now(), Fields: append([]ledger.Field{
			{Name: "department", Value: by.Department},
			{Name: "officer", Value: by.Ref},
			{Name: "file", Value: hex.EncodeToString(sum[:])},
			{Name: "verdict", Value: string(checked.Report.Verdict)},
			{Name: "licence", Value: version},
			{Name: "code", Value: checked.Why},
		}, about...)}
	}})
	if err != nil {
		return Checked{}, err
	}
	return checked, nil
}

// standing finds out whether the licence that a file says it is stands in force here. A
// file whose seals do not hold is not believed what it says.
func (s *Service) standing(ctx context.Context, opened *ofd.Container, checked *Checked) (subject, version string, err error) {
	identifier := identifierIn(opened)
	if identifier == "" {
		return "", "", nil
	}
	l, found, err := s.ByIdentifier(ctx, identifier)
	if err != nil || !found {
		return "", "", err
	}
	checked.Known, checked.Why = true, s.usable(l, identifier)
	checked.InForce = checked.Why == ""
	return l.SubjectRef, l.StopID(), nil
}

// identifierIn reads the identifier (ZZBS) from a file's metadata.
func identifierIn(opened *ofd.Container) string {
	read, err := metadataOf(opened)
	if err != nil {
		return ""
	}
	return read.Value(licence.IdentifierText)
}

// metadataOf reads a file's metadata by the names that OFD files carry.
func metadataOf(opened *ofd.Container) (licence.Metadata, error) {
	documents, err := opened.Documents()
	if err != nil || len(documents) == 0 {
		return licence.Metadata{}, wrong(gateway.Invalid, "", "licence-metadata", "The file's metadata cannot be read.")
	}
	pairs := make([]licence.Pair, len(documents[0].Custom))
	for i, custom := range documents[0].Custom {
		pairs[i] = licence.Pair{Name: custom.Name, Value: custom.Value}
	}
	read, _, err := licence.Decode(licence.Pinyin, pairs)
	if err != nil {
		return licence.Metadata{}, wrong(gateway.Invalid, "", "licence-metadata", "The file's metadata cannot be read.")
	}
	return read, nil
}

// ByIdentifier finds a licence by the identifier of any of its versions.
func (s *Service) ByIdentifier(ctx context.Context, identifier string) (Licence, bool, error) {
	return s.find(ctx, "licence", identifier)
}

// ByNumber finds a licence by its type, its issuer and the number that the issuer gave.
func (s *Service) ByNumber(ctx context.Context, kind, issuer, number string) (Licence, bool, error) {
	return s.find(ctx, "licence-number", kind+"/"+issuer+"/"+number)
}

// find tries each version of the look-up key, the newest first.
func (s *Service) find(ctx context.Context, space, text string) (Licence, bool, error) {
	for _, token := range s.Words(space, text) {
		id, err := s.Store.FindLicence(ctx, token.MAC[:])
		if err != nil {
			return Licence{}, false, err
		}
		if id == "" {
			continue
		}
		record, err := s.Store.Licence(ctx, id)
		if err != nil {
			return Licence{}, false, err
		}
		l, err := s.open(ctx, record)
		return l, err == nil, err
	}
	return Licence{}, false, nil
}

// usable is the code of why a licence, shown by an identifier, is not in force; "" where
// it is.
func (s *Service) usable(l Licence, identifier string) string {
	for _, rule := range []struct {
		holds bool
		code  string
	}{
		{l.State == licence.Issued, "licence-abolished"},
		{l.Metadata.Value(licence.IdentifierText) == identifier, "licence-replaced"},
		{!l.Metadata.ExpiredOn(s.Now()), "licence-expired"},
	} {
		if !rule.holds {
			return rule.code
		}
	}
	return ""
}
