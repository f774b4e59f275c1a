package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/facade"
	"kapok/gateway/licence/verify"
)

// maxCertShare is the largest body, in bytes: a file of 16 MiB in Base64.
const maxCertShare = 24 << 20

// certShareBody is what every address of the share service takes.
type certShareBody struct {
	Head struct {
		AccessID    string `json:"accessId"`
		AccessToken string `json:"accessToken"`
	} `json:"head"`
	Data json.RawMessage `json:"data"`
}

// certShareHead is the head of every answer; code and trace_id are Kapok's own.
type certShareHead struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
	TraceID string `json:"trace_id,omitempty"`
}

// Statuses of the share service.
const (
	shareNone      = 10
	shareUnknown   = 11
	shareOther     = 99
	shareForbidden = 100
	shareHolder    = 103
)

// shareByCode and shareByKind say which status an error is; the code decides before its
// kind.
var (
	shareByCode = map[string]int{"record-missing": shareNone, "use-code-unknown": shareNone, "holder-type": shareHolder}
	shareByKind = map[gateway.Kind]int{gateway.Unauthenticated: shareUnknown, gateway.Forbidden: shareForbidden, gateway.Excess: shareForbidden}
)

// certShareServes is what one address of the share service does.
type certShareServes func(ctx context.Context, system *catalog.System, q facade.CertQuestion, call exchange.Call) (any, handing, error)

// certShareCall serves a question whose head proves a system.
func (a *api) certShareCall(serve certShareServes) gin.HandlerFunc {
	return func(c *gin.Context) {
		data, whole, err := a.certShareAsked(c, serve)
		a.answerCertShare(c, data, whole, err)
	}
}

func (a *api) certShareAsked(c *gin.Context, serve certShareServes) (any, handing, error) {
	ctx := c.Request.Context()
	raw, err := readUpTo(c, maxCertShare)
	if err != nil {
		return nil, nil, err
	}
	var asked certShareBody
	var question facade.CertQuestion
	if json.Unmarshal(raw, &asked) != nil || json.Unmarshal(asked.Data, &question) != nil {
		return nil, nil, gateway.Fail(gateway.Invalid, "json-malformed", "The body is not the JSON object that this address takes.")
	}
	system, err := a.certShare.Caller(ctx, asked.Head.AccessID, asked.Head.AccessToken, visitOf(c).trace)
	if err != nil {
		return nil, nil, err
	}
	visitOf(c).system = system.ID
	return serve(ctx, system, question, a.licenceCall(c, asked.Data)) // the head, with its secret, is kept nowhere
}

func (a *api) certsByHolder(ctx context.Context, system *catalog.System, q facade.CertQuestion, call exchange.Call) (any, handing, error) {
	return certData(a.certShare.ByHolder(ctx, system, q, call))
}

func (a *api) certByIdentifier(ctx context.Context, system *catalog.System, q facade.CertQuestion, call exchange.Call) (any, handing, error) {
	return certData(a.certShare.ByIdentifier(ctx, system, q, call))
}

func (a *api) certsByCode(ctx context.Context, system *catalog.System, q facade.CertQuestion, call exchange.Call) (any, handing, error) {
	return certData(a.certShare.ByCode(ctx, system, q, call))
}

func certData(found facade.CertData, err error) (any, handing, error) {
	return map[string]string{"certData": found.Hex}, found, err
}

func (a *api) certFile(ctx context.Context, system *catalog.System, q facade.CertQuestion, call exchange.Call) (any, handing, error) {
	file, err := a.certShare.FileByIdentifier(ctx, system, q, call)
	return map[string]any{"fileName": file.Name, "contentType": "base64", "content": file.Content}, file, err
}

func (a *api) certLink(ctx context.Context, system *catalog.System, q facade.CertQuestion, call exchange.Call) (any, handing, error) {
	id, err := a.certShare.Link(ctx, system, q, call)
	address := a.publicURL + "/zzgxpt/download?" + url.Values{"id": {id}}.Encode()
	if q.HolderCode != "" {
		return map[string]any{"urls": []string{address}}, nil, err
	}
	return map[string]any{"url": address}, nil, err
}

func (a *api) certVerifyInfo(ctx context.Context, system *catalog.System, q facade.CertQuestion, call exchange.Call) (any, handing, error) {
	same, whole, err := a.certShare.VerifyInfo(ctx, system, q, call)
	return map[string]bool{"verifyResult": same}, whole, err
}

func (a *api) certVerifyFile(ctx context.Context, system *catalog.System, q facade.CertQuestion, _ exchange.Call) (any, handing, error) {
	checked, err := a.certShare.VerifyFile(ctx, system, q)
	if err != nil {
		return nil, nil, err
	}
	report, err := checked.Report.JSON()
	held := checked.Report.Verdict == verify.Valid || checked.Report.Verdict == verify.ValidFlagged
	return map[string]any{
		"verifyResult": held && (!checked.Known || checked.InForce), "verdict": checked.Report.Verdict,
		"issuedHere": checked.Known, "inForce": checked.InForce, "why": checked.Why, "report": json.RawMessage(report),
	}, nil, err
}

// certDownload hands a file out, once.
func (a *api) certDownload(c *gin.Context) {
	file, err := a.certShare.Download(c.Request.Context(), c.Query("id"), a.licenceCall(c, nil))
	if err != nil {
		a.answerCertShare(c, nil, nil, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Disposition", `attachment; filename="`+file.Name+`"`)
	a.hand(c, http.StatusOK, "application/ofd", file.Content, file)
}

// answerCertShare writes an answer of the share service. A refusal is an answer there, told
// by its status; HTTP says 200 all the same, but where Kapok cannot answer now.
func (a *api) answerCertShare(c *gin.Context, data any, whole handing, err error) {
	status, head := http.StatusOK, certShareHead{Message: "成功"}
	if err != nil {
		v, failure, known := fail(c, err)
		head = certShareHead{Status: shareStatus(failure), Message: failure.Message, Code: failure.Code, TraceID: v.trace}
		data, whole = map[string]any{}, nil
		if known.status >= http.StatusInternalServerError || known.status == http.StatusTooManyRequests {
			status = known.status
		}
	}
	body, encoding := json.Marshal(map[string]any{"head": head, "data": data})
	if encoding != nil {
		status, body = http.StatusInternalServerError, nil
	}
	c.Header("Cache-Control", "no-store")
	a.hand(c, status, "application/json;charset=UTF-8", body, whole)
}

func shareStatus(failure *gateway.Error) int {
	if status, known := shareByCode[failure.Code]; known {
		return status
	}
	if status, known := shareByKind[failure.Kind]; known {
		return status
	}
	return shareOther
}
