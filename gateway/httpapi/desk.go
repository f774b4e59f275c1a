package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/exchange"
	"kapok/gateway/licence/verify"
	"kapok/gateway/licensing"
	"kapok/policies"
)

// atDesk serves a use by the person who is signed in: the body counts as it came, as a
// system's does.
func (a *api) atDesk(walk func(context.Context, exchange.Officer, exchange.Call) (exchange.Release, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		officer, err := handlers{a}.officer(visitOf(c).session)
		if err != nil {
			writeProblem(c, err)
			return
		}
		a.serveSigned(c, func(ctx context.Context, call exchange.Call) (exchange.Release, error) {
			return walk(ctx, exchange.Officer(officer), call)
		})
	}
}

// verifyAtDesk verifies a file that an officer was given.
func (a *api) verifyAtDesk(c *gin.Context) {
	checked, err := a.verifyFile(c)
	if err != nil {
		writeProblem(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	if strings.HasPrefix(c.GetHeader("Accept"), "text/html") {
		c.Header("Content-Type", "text/html; charset=utf-8")
		if err := verify.WriteHTML(c.Writer, []verify.Page{{File: "证照文件", Report: checked.Report}}); err != nil {
			_ = c.Error(err)
		}
		return
	}
	shown, err := fileVerification(checked)
	if err != nil {
		writeProblem(c, err)
		return
	}
	c.JSON(http.StatusOK, shown)
}

func (a *api) verifyFile(c *gin.Context) (licensing.Checked, error) {
	officer, file, err := a.broughtFile(c)
	if err != nil {
		return licensing.Checked{}, err
	}
	return a.licences.Check(c.Request.Context(), officer, file)
}

// collectLicence takes over a licence that the officer's department issued elsewhere.
func (a *api) collectLicence(c *gin.Context) {
	officer, file, err := a.broughtFile(c)
	var taken licensing.Licence
	if err == nil {
		taken, err = a.licences.Collect(c.Request.Context(), officer, file)
	}
	if err != nil {
		writeProblem(c, err)
		return
	}
	c.JSON(http.StatusCreated, handlers{a}.licence(taken))
}

// broughtFile reads the file that an officer brings.
func (a *api) broughtFile(c *gin.Context) (licensing.Officer, []byte, error) {
	officer, err := handlers{a}.officer(visitOf(c).session)
	if err != nil {
		return officer, nil, err
	}
	if !isMediaType(c, "application/ofd") {
		return officer, nil, unsupportedType("application/ofd")
	}
	file, err := io.ReadAll(io.LimitReader(c.Request.Body, licensing.MaxFile+1))
	if err != nil {
		return officer, nil, gateway.Fail(gateway.Invalid, "body-unreadable", "The body ended early or could not be read.").Because(err)
	}
	if len(file) > licensing.MaxFile {
		return officer, nil, gateway.Fail(gateway.TooLarge, "body-too-large", "A file is at most 16 MiB.")
	}
	return officer, file, nil
}

func fileVerification(checked licensing.Checked) (FileVerification, error) {
	raw, err := checked.Report.JSON()
	if err != nil {
		return FileVerification{}, err
	}
	shown := FileVerification{
		Verdict: FileVerificationVerdict(checked.Report.Verdict), Known: checked.Known, InForce: checked.InForce, Why: checked.Why,
		PageSvg: string(checked.Picture.SVG), Missing: checked.Picture.Missing,
	}
	return shown, json.NewDecoder(bytes.NewReader(raw)).Decode(&shown.Report)
}

// GetDesk shows what may be used at the desk of the person's department.
func (h handlers) GetDesk(ctx context.Context, _ GetDeskRequestObject) (GetDeskResponseObject, error) {
	ctx, v := unwrap(ctx)
	officer, err := h.officer(v.session)
	if err != nil {
		return nil, err
	}
	desk, err := h.exchanges.DeskOf(exchange.Officer(officer))
	if err != nil {
		return nil, err
	}
	shown := OfficersDesk{
		Department: h.names.department(officer.Department), System: h.names.system(desk.System.ID),
		Items: []DeskItem{}, Bases: []DeskBasis{},
	}
	for _, grant := range desk.Grants {
		shown.Items = append(shown.Items, h.deskItem(grant))
	}
	shown.Bases, err = h.deskBases(ctx, desk.System)
	return GetDesk200JSONResponse(shown), err
}

func (h handlers) deskItem(grant *policies.Grant) DeskItem {
	c := h.catalog()
	shown := DeskItem{Item: h.names.item(grant.Item), Fields: []DeskField{}, ServiceItems: []Named{}, Purposes: []Named{}, Operations: []Operation{}}
	for kind := range c.LicenceTypes() {
		if kind.Item == grant.Item {
			shown.LicenceType = kind.Code
		}
	}
	if item, known := c.Item(grant.Item); known {
		for _, name := range grant.Fields {
			field, _ := item.Field(name)
			shown.Fields = append(shown.Fields, DeskField{Name: name, Label: field.Label, Type: string(field.Type), Sensitive: field.Sensitive})
		}
	}
	for _, operation := range grant.Operations {
		shown.Operations = append(shown.Operations, Operation(operation))
	}
	for _, matter := range grant.ServiceItems {
		shown.ServiceItems = append(shown.ServiceItems, h.names.serviceItem(matter))
	}
	for _, purpose := range grant.Purposes {
		shown.Purposes = append(shown.Purposes, h.names.purpose(purpose))
	}
	return shown
}

// deskBases lists the statutory bases in force for a desk: they are about nobody in
// particular.
func (h handlers) deskBases(ctx context.Context, desk *catalog.System) ([]DeskBasis, error) {
	shown, now, after := []DeskBasis{}, h.now(), ""
	for {
		page, next, err := h.bases.BasesOf(ctx, "", after, 100)
		if err != nil {
			return nil, err
		}
		for _, held := range page {
			if held.Basis.System == desk.ID && held.State == basis.Active && now.Before(held.Basis.Expires) {
				shown = append(shown, h.deskBasis(held.Basis))
			}
		}
		if after = next; after == "" {
			return shown, nil
		}
	}
}

func (h handlers) deskBasis(b basis.Basis) DeskBasis {
	shown := DeskBasis{
		BasisID: b.ID, Kind: string(b.Kind), Item: h.names.item(b.Item), Fields: b.Fields, Operations: []Operation{},
		ServiceItem: h.names.serviceItem(b.ServiceItem), Purpose: h.names.purpose(b.Purpose), CaseNo: b.CaseNo, Expires: b.Expires,
	}
	for _, operation := range b.Operations {
		shown.Operations = append(shown.Operations, Operation(operation))
	}
	return shown
}
