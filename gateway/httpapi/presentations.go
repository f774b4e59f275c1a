package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/skip2/go-qrcode"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/licence"
	"kapok/gateway/safe"
)

// ShowPresentation makes a code for some of the citizen's own licences.
func (h handlers) ShowPresentation(ctx context.Context, request ShowPresentationRequestObject) (ShowPresentationResponseObject, error) {
	ctx, v := unwrap(ctx)
	items, _, err := h.presentable(ctx, v.session.SubjectRef, request.Body.Licences)
	if err != nil {
		return nil, err
	}
	shown, err := h.safe.Present(ctx, citizenOf(v.session), items, request.Body.Purpose, request.Body.Separate)
	if err != nil {
		return nil, err
	}
	code := shown.Code.Text()
	picture, drawn, err := drawQR(code, qrcode.Medium)
	return ShowPresentation201JSONResponse{
		ID: shown.ID, Code: code, Expires: shown.Expires, Notice: safe.PresentationNotice().Text,
		QrPng: picture, QrSvg: drawn,
	}, err
}

// ShowOffline makes a code for a counter without a network.
func (h handlers) ShowOffline(ctx context.Context, request ShowOfflineRequestObject) (ShowOfflineResponseObject, error) {
	ctx, v := unwrap(ctx)
	_, held, err := h.presentable(ctx, v.session.SubjectRef, request.Body.Licences)
	if err != nil {
		return nil, err
	}
	shown, text, err := h.safe.ShowOffline(ctx, citizenOf(v.session), held, request.Body.Purpose)
	if err != nil {
		return nil, err
	}
	answer := ShowOffline201JSONResponse{ID: shown.ID, Code: text, Expires: shown.Expires}
	for _, limit := range licence.OfflineLimits() {
		answer.Limits = append(answer.Limits, limit.Zh+" "+limit.En)
	}
	answer.QrPng, answer.QrSvg, err = drawQR(text, qrcode.Low)
	return answer, err
}

// drawQR draws a code as PNG and as SVG.
func drawQR(text string, level qrcode.RecoveryLevel) (picture []byte, drawn string, err error) {
	qr, err := qrcode.New(text, level)
	if err != nil {
		return nil, "", err
	}
	modules := qr.Bitmap()
	// A negative size counts pixels of a module: every module has the same, so that the picture can be read exactly.
	picture, err = qr.PNG(-max(qrModule, qrSize/len(modules)))
	return picture, svg(modules), err
}

const qrModule = 4 // pixels at least, so that a phone's screen and a scanner agree

const qrSize = 320 // pixels, about

// svg draws the modules of a QR, one path for all.
func svg(modules [][]bool) string {
	var path strings.Builder
	for y, row := range modules {
		for x, dark := range row {
			if dark {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges"><rect width="%[1]d" height="%[1]d" fill="#fff"/><path d="%[2]s"/></svg>`, len(modules), path.String())
}

// presentable finds the items under which the named licences are used, and what they say; each has to be
// the citizen's own and valid, and no two of one type: the counter asks by the type.
func (h handlers) presentable(ctx context.Context, subjectRef string, ids []string) (items []string, held []licence.Metadata, err error) {
	for at, id := range ids {
		found, err := h.licences.Own(ctx, subjectRef, id)
		if err != nil {
			return nil, nil, err
		}
		kind, known := h.catalog().LicenceType(found.Kind)
		if !known || !found.Valid(h.now()) {
			return nil, nil, gateway.Fail(gateway.Forbidden, "licence-abolished", "The licence is not in force; it cannot be shown.")
		}
		if slices.Contains(items, kind.Item) {
			return nil, nil, invalid(fmt.Sprintf("/licences/%d", at), "Each type of licence is shown once.")
		}
		items, held = append(items, kind.Item), append(held, found.Metadata)
	}
	return items, held, nil
}

// GetMyPresentation tells the citizen whether and by whom the code was scanned.
func (h handlers) GetMyPresentation(ctx context.Context, request GetMyPresentationRequestObject) (GetMyPresentationResponseObject, error) {
	ctx, v := unwrap(ctx)
	p, err := h.safe.Presented(ctx, citizenOf(v.session), request.ID)
	if err != nil {
		return nil, err
	}
	status := PresentationStatus{
		ID: p.ID, Expires: p.Expires.UTC(), Scanned: !p.ScannedAt.IsZero(), State: stateOfCode(p, h.now()), Refused: p.Refused, RefusedCode: p.RefusedCode,
	}
	if status.State == PresentationStatusStateShown {
		status.SecondsLeft = int(p.Expires.Sub(h.now()).Seconds())
	}
	if status.Scanned {
		status.ScannedAt, status.ScannedBy = p.ScannedAt.UTC(), h.names.system(p.ScannedBy)
	}
	return GetMyPresentation200JSONResponse(status), nil
}

func stateOfCode(p safe.Presentation, now time.Time) PresentationStatusState {
	switch {
	case !p.ScannedAt.IsZero():
		return PresentationStatusStateScanned
	case !p.Cancelled.IsZero():
		return PresentationStatusStateCancelled
	case !now.Before(p.Expires):
		return PresentationStatusStateExpired
	default:
		return PresentationStatusStateShown
	}
}

// CancelPresentation takes back what the citizen shows.
func (h handlers) CancelPresentation(ctx context.Context, request CancelPresentationRequestObject) (CancelPresentationResponseObject, error) {
	ctx, v := unwrap(ctx)
	if err := h.safe.Cancel(ctx, citizenOf(v.session), request.ID); err != nil {
		return nil, err
	}
	return CancelPresentation204Response{}, nil
}

// scanPresentation is signed by the counter's system, as an exchange is.
func (a *api) scanPresentation(c *gin.Context) {
	a.serveSigned(c, func(ctx context.Context, call exchange.Call) (exchange.Release, error) {
		return a.exchanges.Scan(ctx, call)
	})
}
