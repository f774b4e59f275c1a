package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/facade"
)

// licenceAnswer is the API's envelope. Its sign is left out: no text says how it is made.
type licenceAnswer struct {
	Ack         string         `json:"ack_code"`
	Errors      []licenceError `json:"errors"`
	Timestamp   int64          `json:"timestamp"` // milliseconds
	Correlation string         `json:"correlation_id"`
	Response    string         `json:"response_id"`
	Data        any            `json:"data"`

	Token    string   `json:"access_token,omitempty"`
	UseCodes []string `json:"auth_codes,omitempty"`
	Total    *int     `json:"total_count,omitempty"`

	NotListed []facade.NotListed `json:"not_listed,omitempty"` // Kapok's own: types of which nothing is said, and why
}

type licenceError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
	TraceID string `json:"trace_id"`
}

// handing is an answer that the path wants to hear the fate of.
type handing interface{ Handed(err error) }

// licenceWord is the API's own code for an error that its clients act upon.
var licenceWord = map[string]string{"licence-token-invalid": "ACCESS_TOKEN_INVALID"}

// loginLicenceApp takes the secrets in a JSON body.
func (a *api) loginLicenceApp(c *gin.Context) {
	var given facade.Login
	body, err := readBody(c)
	if err == nil && json.Unmarshal(body, &given) != nil {
		err = gateway.Fail(gateway.Invalid, "json-malformed", "The body is not the JSON object that this address takes.")
	}
	var token string
	if err == nil {
		token, err = a.licenceApp.Login(c.Request.Context(), given, visitOf(c).trace)
	}
	a.answerLicence(c, licenceAnswer{Token: token}, nil, err)
}

func (a *api) logoutLicenceApp(c *gin.Context) {
	a.answerLicence(c, licenceAnswer{}, nil, a.licenceApp.Logout(c.Request.Context(), c.Query("access_token")))
}

// admitted serves a call of a system whose token holds.
func (a *api) admitted(serve func(c *gin.Context, system *catalog.System) (licenceAnswer, handing, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		var answer licenceAnswer
		var whole handing
		system, err := a.licenceApp.Caller(c.Request.Context(), c.Query("access_token"))
		if err == nil {
			visitOf(c).system = system.ID
			answer, whole, err = serve(c, system)
		}
		a.answerLicence(c, answer, whole, err)
	}
}

func (a *api) licenceUser(_ *gin.Context, system *catalog.System) (licenceAnswer, handing, error) {
	department, _ := a.catalog().Department(system.Department)
	return licenceAnswer{Data: map[string]any{
		"account": system.LicenceApp.Account, "name": system.Name, "division_code": department.Division,
		"service_org": map[string]string{"org_code": department.USCC, "name": department.Name},
	}}, nil, nil
}

func (a *api) licenceMatters(_ *gin.Context, system *catalog.System) (licenceAnswer, handing, error) {
	matters := a.licenceApp.Matters(system)
	total := len(matters)
	return licenceAnswer{Data: matters, Total: &total}, nil, nil
}

func (a *api) licenceAuth(c *gin.Context, system *catalog.System) (licenceAnswer, handing, error) {
	body, err := readBody(c)
	if err != nil {
		return licenceAnswer{}, nil, err
	}
	list, err := a.licenceApp.Auth(c.Request.Context(), system, a.licenceCall(c, body))
	total := len(list.Licences)
	return licenceAnswer{Data: list.Licences, UseCodes: list.UseCodes(), Total: &total, NotListed: list.NotListed}, list, err
}

func (a *api) licenceData(c *gin.Context, system *catalog.System) (licenceAnswer, handing, error) {
	found, err := a.licenceApp.Licence(c.Request.Context(), system, c.Query("auth_code"), a.licenceCall(c, nil))
	return licenceAnswer{Data: found.Members, Correlation: found.Exchange}, found, err
}

func (a *api) licenceArchive(c *gin.Context, system *catalog.System) (licenceAnswer, handing, error) {
	file, err := a.licenceApp.Archive(c.Request.Context(), system, c.Query("auth_code"), a.licenceCall(c, nil))
	return licenceAnswer{Data: map[string]any{"file_name": file.Name, "file_data": file.Content}, Correlation: file.Exchange}, file, err
}

func (a *api) licencePageCode(c *gin.Context, system *catalog.System) (licenceAnswer, handing, error) {
	code, err := a.licenceApp.PageCode(c.Request.Context(), system, c.Query("auth_code"))
	return licenceAnswer{Data: map[string]string{"license_access_token": code}}, nil, err
}

// licencePage shows page one of a licence, once.
func (a *api) licencePage(c *gin.Context) {
	page, err := a.licenceApp.Page(c.Request.Context(), c.Query("license_access_token"), a.licenceCall(c, nil))
	if err != nil {
		a.answerLicence(c, licenceAnswer{}, nil, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	a.hand(c, http.StatusOK, "image/svg+xml", page.Content, page)
}

// licenceCall is the call as the path gets it: the address without its query, where the
// API puts its secrets.
func (a *api) licenceCall(c *gin.Context, body []byte) exchange.Call {
	call := a.call(c, body)
	call.TargetURI, call.Header = a.publicURL+c.Request.URL.Path, http.Header{}
	return call
}

// answerLicence writes the envelope. A refusal is an answer by this API, told by its
// ack_code; the status says 200 all the same, as its clients expect, but where Kapok cannot
// answer now.
func (a *api) answerLicence(c *gin.Context, answer licenceAnswer, whole handing, err error) {
	status := http.StatusOK
	answer.Ack, answer.Errors = "SUCCESS", []licenceError{}
	if err != nil {
		v, failure, known := fail(c, err)
		word := licenceWord[failure.Code]
		if word == "" {
			word = failure.Code
		}
		answer = licenceAnswer{Ack: "FAILURE", Errors: []licenceError{{Code: word, Message: failure.Message, Field: failure.Field, TraceID: v.trace}}}
		whole = nil
		if known.status >= http.StatusInternalServerError || known.status == http.StatusTooManyRequests {
			status = known.status
		}
	}
	answer.Timestamp, answer.Response = a.now().UnixMilli(), gateway.NewRef()
	body, encoding := json.Marshal(answer)
	if encoding != nil {
		status, body = http.StatusInternalServerError, nil
	}
	c.Header("Cache-Control", "no-store")
	a.hand(c, status, "application/json;charset=UTF-8", body, whole)
}

// hand writes a whole answer and tells the path whether it left.
func (a *api) hand(c *gin.Context, status int, mediaType string, body []byte, whole handing) {
	c.Header("Content-Type", mediaType)
	c.Writer.WriteHeader(status)
	_, err := c.Writer.Write(body)
	if err == nil {
		err = http.NewResponseController(c.Writer).Flush()
	}
	if err != nil {
		_ = c.Error(err) // the caller has gone; the ledger says what was released
	}
	if whole != nil {
		whole.Handed(err)
	}
}
