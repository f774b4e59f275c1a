package httpapi

import (
	"bytes"
	"context"
	"fmt"

	"kapok/gateway"
	"kapok/gateway/licence"
	"kapok/gateway/licensing"
	"kapok/gateway/postgres"
)

// RegisterLicence makes a licence, and issues it where it is to be signed at once.
func (h handlers) RegisterLicence(ctx context.Context, request RegisterLicenceRequestObject) (RegisterLicenceResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	draft, err := draftOf(*request.Body, "")
	if err != nil {
		return nil, err
	}
	made, err := h.licences.Register(ctx, officer, draft, request.Body.Sign)
	return RegisterLicence201JSONResponse(h.licence(made)), err
}

// draftOf reads a draft that stands at a place of the body.
func draftOf(body LicenceDraft, place string) (licensing.Draft, error) {
	holder, err := gateway.ParseIdentity(gateway.IdentityType(body.Holder.IDType), body.Holder.IDNumber)
	if err != nil {
		return licensing.Draft{}, invalid(place+"/holder/id_number", err.Error()+".")
	}
	return licensing.Draft{
		Kind: body.Type, Holder: holder, HolderName: body.Holder.Name, Number: body.Number, Fields: body.Fields,
		ServiceItem: body.ServiceItem, CaseNo: body.CaseNo, DecidedAt: body.DecidedAt, Effective: body.Effective, Expires: body.Expires,
	}, nil
}

// OpenLicenceBatch keeps licences to be issued in bulk.
func (h handlers) OpenLicenceBatch(ctx context.Context, request OpenLicenceBatchRequestObject) (OpenLicenceBatchResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	drafts := make([]licensing.Draft, len(request.Body.Licences))
	for i, body := range request.Body.Licences {
		place := fmt.Sprintf("/licences/%d", i)
		if !body.Sign {
			return nil, invalid(place+"/sign", "A batch is issued: sign is true.")
		}
		if drafts[i], err = draftOf(body, place); err != nil {
			return nil, err
		}
	}
	opened, err := h.licences.OpenBatch(ctx, officer, drafts)
	return OpenLicenceBatch202JSONResponse(licenceBatch(opened)), err
}

// GetLicenceBatch tells how far a batch is.
func (h handlers) GetLicenceBatch(ctx context.Context, request GetLicenceBatchRequestObject) (GetLicenceBatchResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	found, err := h.licences.BatchOf(ctx, officer, request.ID)
	return GetLicenceBatch200JSONResponse(licenceBatch(found)), err
}

func licenceBatch(b licensing.Batch) LicenceBatch {
	shown := LicenceBatch{ID: b.ID, Total: b.Total, Issued: b.Issued, Failed: []LicenceBatchFailure{}, MadeAt: b.Made.UTC()}
	for _, row := range b.Failed {
		shown.Failed = append(shown.Failed, LicenceBatchFailure{Row: row.N, Code: row.Code})
	}
	return shown
}

// GetLicence shows an issuer its licence.
func (h handlers) GetLicence(ctx context.Context, request GetLicenceRequestObject) (GetLicenceResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	found, err := h.licences.Issued(ctx, officer, request.ID)
	return GetLicence200JSONResponse(h.licence(found)), err
}

// GetLicenceFile hands an issuer the sealed file.
func (h handlers) GetLicenceFile(ctx context.Context, request GetLicenceFileRequestObject) (GetLicenceFileResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	found, err := h.licences.Issued(ctx, officer, request.ID)
	if err != nil {
		return nil, err
	}
	file, err := h.licences.File(ctx, found)
	return GetLicenceFile200ApplicationOfdResponse{Body: bytes.NewReader(file), ContentLength: int64(len(file))}, err
}

// SignLicence seals and issues a registered licence.
func (h handlers) SignLicence(ctx context.Context, request SignLicenceRequestObject) (SignLicenceResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	made, err := h.licences.Sign(ctx, officer, request.ID)
	return SignLicence200JSONResponse(h.licence(made)), err
}

// ChangeLicence puts a new version in the place of the one in force.
func (h handlers) ChangeLicence(ctx context.Context, request ChangeLicenceRequestObject) (ChangeLicenceResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	body := *request.Body
	made, err := h.licences.Change(ctx, officer, request.ID, licence.Event(body.Event), licensing.Amendment{
		Fields: body.Fields, HolderName: body.HolderName, Expires: body.Expires, InspectedUntil: body.InspectedUntil,
	})
	return ChangeLicence200JSONResponse(h.licence(made)), err
}

// AbolishLicence ends a licence; what follows is refused on every node.
func (h handlers) AbolishLicence(ctx context.Context, request AbolishLicenceRequestObject) (AbolishLicenceResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	ended, err := h.licences.Abolish(ctx, officer, request.ID, request.Body.Reason)
	return AbolishLicence200JSONResponse(h.licence(ended)), err
}

// ListMyLicences shows the citizen what they hold.
func (h handlers) ListMyLicences(ctx context.Context, _ ListMyLicencesRequestObject) (ListMyLicencesResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, err := h.licences.Of(ctx, v.session.SubjectRef)
	if err != nil {
		return nil, err
	}
	listed := LicenceList{Licences: []Licence{}}
	for _, one := range found {
		listed.Licences = append(listed.Licences, h.licence(one))
	}
	return ListMyLicences200JSONResponse(listed), nil
}

// GetMyLicenceFile hands the citizen the sealed file.
func (h handlers) GetMyLicenceFile(ctx context.Context, request GetMyLicenceFileRequestObject) (GetMyLicenceFileResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, err := h.licences.Own(ctx, v.session.SubjectRef, request.ID)
	if err != nil {
		return nil, err
	}
	file, err := h.licences.File(ctx, found)
	return GetMyLicenceFile200ApplicationOfdResponse{Body: bytes.NewReader(file), ContentLength: int64(len(file))}, err
}

// officer is a member of staff as the one who acts for their department; the catalogue
// in force says which that is.
func (h handlers) officer(session *postgres.Session) (licensing.Officer, error) {
	staff, known := h.catalog().Staff(session.Issuer, session.Subject)
	if !known {
		return licensing.Officer{}, gateway.Fail(gateway.Forbidden, "role-missing", "The person who is signed in does not hold the role that this needs.")
	}
	return licensing.Officer{Ref: session.Subject, Department: staff.Department}, nil
}

func (h handlers) licence(l licensing.Licence) Licence {
	shown := Licence{
		ID: l.ID, Type: l.Kind, Issuer: h.names.department(l.Issuer), State: LicenceState(l.State), Version: l.Version,
		Valid: l.Valid(h.now()), Elements: map[string]string{}, Extended: l.Metadata.Extended, ChangedAt: l.ChangedAt.UTC(),
	}
	if kind, known := h.catalog().LicenceType(l.Kind); known {
		shown.Item = h.names.item(kind.Item)
	}
	for element, value := range l.Metadata.Elements {
		shown.Elements[string(element)] = value
	}
	return shown
}
