package facade

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
	"kapok/gateway/licence"
	"kapok/gateway/licensing"
)

// ByHolder answers queryCertInfoByHolderCode: a VIEW of the holder's licence of a type.
// With certNo it has to be that licence.
func (s *CertShare) ByHolder(ctx context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (CertData, error) {
	b, err := s.ofHolder(system, q, call)
	if err != nil {
		return CertData{}, err
	}
	return s.view(ctx, system, b, licence.Number, q.CertNo, call)
}

func (s *CertShare) ofHolder(system *catalog.System, q CertQuestion, call exchange.Call) (behind, error) {
	o, err := s.occasionOf(system, q)
	if err != nil {
		return behind{}, err
	}
	holder, err := holderOf(q)
	if err != nil {
		return behind{}, err
	}
	kind, err := s.kindOf(system, o.matter, q.CertTypeCode)
	return o.behind(system, itemOf(kind), holder, call.Body), err
}

func itemOf(kind licenceItem) string {
	if kind.item == nil {
		return ""
	}
	return kind.item.Code
}

// ByIdentifier answers queryCertInfo: a VIEW of the licence of an identifier (证照标识).
func (s *CertShare) ByIdentifier(ctx context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (CertData, error) {
	b, err := s.ofIdentifier(ctx, system, q, call)
	if err != nil {
		return CertData{}, err
	}
	return s.view(ctx, system, b, licence.IdentifierText, q.CertIdentifier, call)
}

// ofIdentifier finds whose licence it is. That there is one is told to nobody who may not
// ask for its type.
func (s *CertShare) ofIdentifier(ctx context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (behind, error) {
	o, err := s.occasionOf(system, q)
	if err != nil {
		return behind{}, err
	}
	if len(s.usable(system, o.matter)) == 0 {
		return behind{}, gateway.Fail(gateway.Forbidden, "grant-missing", "No licence is granted to this system for this matter.")
	}
	l, found, err := s.Register.ByIdentifier(ctx, q.CertIdentifier)
	if err != nil {
		return behind{}, err
	}
	kind, err := s.kindOf(system, o.matter, l.Kind)
	if !found || err != nil {
		return behind{}, noSuchLicence()
	}
	holder, err := gateway.ParseIdentity(gateway.IdentityType(l.Metadata.Value(licence.HolderType)), l.Metadata.Value(licence.HolderCode))
	b := o.behind(system, itemOf(kind), holder, call.Body)
	b.Identifier = q.CertIdentifier
	return b, err
}

func noSuchLicence() error {
	return gateway.Fail(gateway.NotFound, "record-missing", "The source holds no record of this person.")
}

// ByCode answers queryCertInfoByQRcode: the scan is the person's consent for this occasion,
// and the licences they showed are viewed by it.
func (s *CertShare) ByCode(ctx context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (CertData, error) {
	o, err := s.occasionOf(system, q)
	if err != nil {
		return CertData{}, err
	}
	key, err := s.recipient(ctx, system)
	if err != nil {
		return CertData{}, err
	}
	given, err := s.Path.ScanAtFacade(ctx, certShareFacade(system), exchange.Scan{
		Code: q.QRCode, ServiceItem: o.matter, CaseNo: o.caseNo, OfficerRef: o.officer, Operations: []gateway.Operation{gateway.View},
	}, call)
	if err != nil {
		return CertData{}, err
	}
	var licences []map[string]string
	var told handed
	for _, basis := range given {
		release, err := s.Path.AtFacade(ctx, certShareFacade(system), exchange.FacadeAsk{
			Item: basis.Item, Operation: gateway.View, BasisID: basis.BasisID, ServiceItem: o.matter, CaseNo: o.caseNo, OfficerRef: o.officer,
		}, call)
		var one licence.Metadata
		if err == nil {
			told = append(told, release.Handed)
			one, err = s.readRelease(basis.Item, release)
		}
		if err == nil {
			licences, err = appendNamed(licences, one)
		}
		if err != nil {
			told.Handed(err)
			return CertData{}, err
		}
	}
	return s.sealed(key, licences, told)
}

// view looks at one licence; where an element says which one was meant, no other leaves.
func (s *CertShare) view(ctx context.Context, system *catalog.System, b behind, by licence.Element, wanted string, call exchange.Call) (CertData, error) {
	key, err := s.recipient(ctx, system)
	if err != nil {
		return CertData{}, err
	}
	release, err := s.use(ctx, certShareFacade(system), b, gateway.View, call)
	if err != nil {
		return CertData{}, err
	}
	told := handed{release.Handed}
	m, err := s.readRelease(b.Item, release)
	if err == nil && wanted != "" {
		err = meant(m, by, wanted)
	}
	var licences []map[string]string
	if err == nil {
		licences, err = appendNamed(nil, m)
	}
	if err != nil {
		told.Handed(err)
		return CertData{}, err
	}
	return s.sealed(key, licences, told)
}

func meant(m licence.Metadata, by licence.Element, wanted string) error {
	value, released := m.Elements[by]
	if !released {
		return gateway.Fail(gateway.Forbidden, "licence-not-told-apart", "Grant or basis leaves out the element by which the licence is named; it cannot be told apart from another one.")
	}
	if value != wanted {
		return noSuchLicence()
	}
	return nil
}

func (w World) readRelease(itemCode string, release exchange.Release) (licence.Metadata, error) {
	item, known := w.Catalog().Item(itemCode)
	if !known {
		return licence.Metadata{}, errLeft
	}
	var told released
	if err := json.Unmarshal(release.Body, &told); err != nil {
		return licence.Metadata{}, err
	}
	m, err := w.metadata(item, told.Data)
	if err != nil {
		return m, err
	}
	code, name, _ := w.Catalog().LicenceCode(item)
	return m.With(map[licence.Element]string{licence.TypeCode: code, licence.TypeName: name}), nil
}

// appendNamed adds a licence by the names of GB/T 36903.
func appendNamed(licences []map[string]string, m licence.Metadata) ([]map[string]string, error) {
	pairs, err := m.Encode(licence.Standard)
	if err != nil {
		return nil, err
	}
	named := map[string]string{}
	for _, pair := range pairs {
		named[pair.Name] = pair.Value
	}
	return append(licences, named), nil
}

// VerifyInfo answers verifyCertInfo: a VERIFY of a licence's elements, those that stand in
// certData. What is compared is told true or false as a whole.
func (s *CertShare) VerifyInfo(ctx context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (bool, handed, error) {
	q.HolderCode, q.HolderTypeCode = q.CertData[string(licence.HolderCode)], q.CertData[string(licence.HolderType)]
	b, err := s.ofHolder(system, q, call)
	if err != nil {
		return false, nil, err
	}
	item, known := s.Catalog().Item(b.Item)
	if !known {
		return false, nil, errLeft
	}
	expected := map[string]string{}
	for _, field := range item.Fields {
		if value, given := q.CertData[field.SourceName]; given {
			expected[field.Name] = value
		}
	}
	subject, err := gateway.ParseIdentity(b.IDType, b.IDNumber)
	if err != nil {
		return false, nil, err
	}
	release, err := s.Path.AtFacade(ctx, certShareFacade(system), exchange.FacadeAsk{
		Item: b.Item, Operation: gateway.Verify, Subject: subject, ServiceItem: b.ServiceItem, CaseNo: b.CaseNo, OfficerRef: b.OfficerRef, Expected: expected,
	}, call)
	if err != nil {
		return false, nil, err
	}
	var told struct {
		Data map[string]bool `json:"data"`
	}
	if err := json.Unmarshal(release.Body, &told); err != nil {
		release.Handed(err)
		return false, nil, err
	}
	all := true
	for _, same := range told.Data {
		all = all && same
	}
	return all, handed{release.Handed}, nil
}

// VerifyFile answers verifyFile: an OFD's seals, and whether the licence is in force where
// this district issued it. The check is recorded with matter, case and the digest of the use
// cause, whose text may name people; the file is not kept.
func (s *CertShare) VerifyFile(ctx context.Context, system *catalog.System, q CertQuestion) (licensing.Checked, error) {
	o, err := s.occasionOf(system, q)
	if err != nil {
		return licensing.Checked{}, err
	}
	if q.ContentType != "base64" || len(q.Content) == 0 || len(q.Content) > licensing.MaxFile {
		return licensing.Checked{}, wrong("content", "contentType is base64, and content is a file of at most 16 MiB")
	}
	if !slices.Contains(system.CertShare.Operations, gateway.Verify) {
		return licensing.Checked{}, gateway.Fail(gateway.Forbidden, "facade-operation", "The catalogue does not let this system do this by this protocol; sign the request, or have the catalogue allow it.")
	}
	cause := sm.Sum(q.UseCause)
	return s.Register.CheckFor(ctx, licensing.Officer{Ref: o.officer, Department: system.Department}, q.Content, []ledger.Field{
		{Name: "door", Value: CertShareDoor}, {Name: "system", Value: system.ID}, {Name: "service-item", Value: o.matter}, {Name: "case", Value: o.caseNo},
		{Name: "use-cause", Value: hex.EncodeToString(cause[:])},
	})
}

// FileByIdentifier answers downloadFile: an annotated copy (加注件).
func (s *CertShare) FileByIdentifier(ctx context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (File, error) {
	b, err := s.ofIdentifier(ctx, system, q, call)
	if err != nil {
		return File{}, err
	}
	return s.file(ctx, certShareFacade(system), b, call)
}

// Link answers downloadUrl and downloadUrlsByHolderCode: an id by which a file is fetched
// once. What it leads to is decided when it is fetched.
func (s *CertShare) Link(ctx context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (id string, err error) {
	find := s.ofIdentifier
	if q.HolderCode != "" {
		find = func(_ context.Context, system *catalog.System, q CertQuestion, call exchange.Call) (behind, error) {
			return s.ofHolder(system, q, call)
		}
	}
	b, err := find(ctx, system, q, call)
	if err != nil {
		return "", err
	}
	in := linkCodes
	if in.life, err = linkLife(q, s.Now()); err != nil {
		return "", err
	}
	return s.lend(ctx, in, b)
}

// Download answers download?id=: an annotated copy, once. Whoever opens it is not signed
// in: the id says which system lent it.
func (s *CertShare) Download(ctx context.Context, id string, call exchange.Call) (File, error) {
	b, err := s.behindOnce(ctx, linkCodes, id)
	if err != nil {
		return File{}, err
	}
	system, known := s.Catalog().System(b.System)
	if !known || system.CertShare == nil {
		return File{}, codeUnknown()
	}
	return s.file(ctx, certShareFacade(system), b, call)
}
