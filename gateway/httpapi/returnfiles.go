package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
	"kapok/gateway/postgres"
	"kapok/gateway/returns"
)

const (
	maxUpload  = 64 << 20 // bytes of one call
	uploadType = "application/offset+octet-stream"
)

// ReceiveReturn takes in a manifest.
func (h handlers) ReceiveReturn(ctx context.Context, request ReceiveReturnRequestObject) (ReceiveReturnResponseObject, error) {
	ctx, v := unwrap(ctx)
	document := []byte(request.Body.Manifest)
	m, err := returns.ParseManifest(document)
	if err != nil {
		return nil, err
	}
	if err := h.handles(v.session, m.Dataset); err != nil {
		return nil, err
	}
	found, _, err := h.importing.Receive(ctx, document, request.Body.Signature, v.session.Subject)
	if err != nil {
		return nil, err
	}
	shown, err := h.delivery(ctx, found)
	return ReceiveReturn201JSONResponse(shown), err
}

// handles refuses who has nothing to do with a dataset: a bureau has with each, a
// provider with its own.
func (a *api) handles(session *postgres.Session, dataset string) error {
	staff, known := a.catalog().Staff(session.Issuer, session.Subject)
	if known && holds(session, RoleBureau) {
		return nil
	}
	found, err := a.importing.Dataset(dataset)
	if err != nil {
		return err
	}
	if !known || found.Item.Provider != staff.Department {
		return gateway.Fail(gateway.Forbidden, "return-not-provider", "The dataset is not of the department of whoever is signed in.")
	}
	return nil
}

// handledFile finds a file of a delivery that whoever is signed in has to do with.
func (a *api) handledFile(c *gin.Context) (id, name string, err error) {
	found, err := a.returns.Delivery(c.Request.Context(), c.Param("id"))
	if err != nil {
		return "", "", err
	}
	return found.ID, c.Param("name"), a.handles(visitOf(c).session, found.Manifest.Dataset)
}

// headReturnFile says where an upload goes on.
func (a *api) headReturnFile(c *gin.Context) {
	id, name, err := a.handledFile(c)
	if err != nil {
		writeProblem(c, err)
		return
	}
	upload, err := a.importing.Uploaded(c.Request.Context(), id, name)
	if err != nil {
		writeProblem(c, err)
		return
	}
	c.Header("Upload-Length", strconv.FormatInt(upload.File.Size, 10))
	tellOffset(c, upload)
	c.Status(http.StatusOK)
}

// appendReturnFile takes the next bytes of a file.
func (a *api) appendReturnFile(c *gin.Context) {
	upload, err := a.appended(c)
	if err != nil {
		writeProblem(c, err)
		return
	}
	tellOffset(c, upload)
	c.Status(http.StatusNoContent)
}

func (a *api) appended(c *gin.Context) (returns.Upload, error) {
	id, name, err := a.handledFile(c)
	if err != nil {
		return returns.Upload{}, err
	}
	if !isMediaType(c, uploadType) {
		return returns.Upload{}, unsupportedType(uploadType)
	}
	if c.Request.ContentLength > maxUpload {
		return returns.Upload{}, gateway.Fail(gateway.TooLarge, "body-too-large", "One call takes at most 64 MiB of a file.")
	}
	offset, err := strconv.ParseInt(c.GetHeader("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 {
		return returns.Upload{}, invalid("Upload-Offset", "Upload-Offset is the number of the first byte.")
	}
	return a.importing.Append(c.Request.Context(), id, name, offset, http.MaxBytesReader(c.Writer, c.Request.Body, maxUpload))
}

func tellOffset(c *gin.Context, upload returns.Upload) {
	c.Header("Cache-Control", "no-store")
	c.Header("Upload-Offset", strconv.FormatInt(upload.Offset, 10))
}
