package peer

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/crypto/httpsig"
	"kapok/crypto/sm"
	"kapok/gateway/federation"
	"kapok/gateway/ledger"
)

const (
	answerLabel = "kapok"
	answerTag   = "kapok-response"
	noRecord    = "record-missing" // the problem's code where nothing is held about the subject
)

// answer is what of a release is read.
type answer struct {
	ExchangeID string          `json:"exchange_id"`
	Data       json.RawMessage `json:"data"`
	DataSalt   string          `json:"data_salt"`
	Source     struct {
		AsOf string `json:"as_of"`
	} `json:"source"`
	Receipt json.RawMessage `json:"receipt"`
}

// read takes a release, or finds out why there is none.
func (c *Connector) read(member federation.Member, asked httpsig.Message, res *http.Response, body []byte) (connectors.Answer, error) {
	if res.StatusCode != http.StatusOK {
		return refused(res, body)
	}
	if err := connectors.ExpectJSON(res); err != nil {
		return connectors.Answer{}, err
	}
	var told answer
	if err := json.Unmarshal(body, &told); err != nil {
		return connectors.Answer{}, fmt.Errorf("%w: the answer is not the JSON object that it should be", connectors.ErrGarbage)
	}
	if err := httpsig.CheckContentDigest(res.Header, body); err != nil {
		return connectors.Answer{}, fmt.Errorf("%w: the answer's digest is not its body's", connectors.ErrGarbage)
	}
	origin, chain, err := c.receipt(member, told)
	if err != nil {
		return connectors.Answer{}, err
	}
	signature, err := c.signature(member, chain, httpsig.Message{Status: res.StatusCode, Header: res.Header, Request: &asked})
	if err != nil {
		return connectors.Answer{}, err
	}
	record, err := recordOf(told.Data)
	if err != nil {
		return connectors.Answer{}, err
	}
	made := connectors.Answer{Records: []connectors.Record{record}, Signature: signature, BodyDigest: sm.Sum(body), Origin: origin}
	if told.Source.AsOf != "" {
		if made.AsOf, err = time.Parse(time.RFC3339, told.Source.AsOf); err != nil {
			return connectors.Answer{}, fmt.Errorf("%w: as_of is no time", connectors.ErrGarbage)
		}
		made.AsOf = made.AsOf.UTC()
	}
	return made, nil
}

// refused tells that nothing is held about the subject from every other problem. Its words
// are not looked at.
func refused(res *http.Response, body []byte) (connectors.Answer, error) {
	var problem struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return connectors.Answer{}, fmt.Errorf("%w: status %d without a problem's code", connectors.ErrRefused, res.StatusCode)
	}
	if res.StatusCode == http.StatusNotFound && problem.Code == noRecord {
		return connectors.Answer{BodyDigest: sm.Sum(body)}, nil
	}
	if !plainCode.MatchString(problem.Code) {
		problem.Code = "(unreadable)"
	}
	return connectors.Answer{}, fmt.Errorf("%w: status %d, %s", connectors.ErrRefused, res.StatusCode, problem.Code)
}

// receipt verifies the receipt by the member's roots, and that it is this release's: of its
// exchange, of its data. It gives where the entry stands, and the chain of the key that
// sealed it.
func (c *Connector) receipt(member federation.Member, told answer) (origin string, chain [][]byte, err error) {
	report := ledger.VerifyReceipt(told.Receipt, ledger.Bundle{Name: member.ID, Roots: member.Roots}, c.verifier)
	if !report.OK() || report.Told == nil {
		return "", nil, fmt.Errorf("%w: the answer has no receipt that verifies", connectors.ErrGarbage)
	}
	found := *report.Told
	shown := map[string]string{}
	for _, field := range found.Shown {
		shown[field.Name] = field.Value
	}
	if found.Ref != told.ExchangeID || shown["result"] != "released" || shown["data"] != commitment(told) {
		return "", nil, fmt.Errorf("%w: the receipt is of something else than the answer", connectors.ErrGarbage)
	}
	var sealer struct {
		Chain [][]byte `json:"chain"`
	}
	err = json.Unmarshal(told.Receipt, &sealer)
	return fmt.Sprintf("kapok:%s %s#%d", member.ID, found.Origin, found.Index), sealer.Chain, err
}

const dataDomain = sm.Domain("kapok/data/v1")

// commitment is the receipt's to the data, which only who has the salt can make.
func commitment(told answer) string {
	digest := sm.Sum(dataDomain.Message([]byte(told.DataSalt)), told.Data)
	return hex.EncodeToString(digest[:])
}

// signature verifies the answer's, which covers the question's.
func (c *Connector) signature(member federation.Member, chain [][]byte, message httpsig.Message) ([]byte, error) {
	params, signature, err := httpsig.Parse(message, answerLabel)
	if err != nil || params.Tag != answerTag || !covers(params) {
		return nil, fmt.Errorf("%w: the answer is not signed as an answer to this question", connectors.ErrGarbage)
	}
	key, err := member.Operational(c.verifier, chain, c.self.Now())
	if err != nil || key.ID != params.KeyID {
		return nil, fmt.Errorf("%w: the answer is not signed by an operational key of the member", connectors.ErrGarbage)
	}
	err = httpsig.Verify(message, params, signature, key.Key, c.verifier)
	if errors.Is(err, sm.ErrUndecided) {
		return nil, fmt.Errorf("%w: the answer's signature could not be decided", connectors.ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the answer's signature is not valid", connectors.ErrGarbage)
	}
	return signature, nil
}

// covers reports whether a signature is over the status, the body and the question's own
// signature.
func covers(params httpsig.Params) bool {
	return params.Covers(
		httpsig.Component{Name: "@status"}, httpsig.Component{Name: "content-digest"},
		httpsig.Component{Name: "signature", Req: true, Key: label},
	)
}

// plainCode is what may be repeated of a problem's code.
var plainCode = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

func recordOf(data json.RawMessage) (connectors.Record, error) {
	held, valid := jsonrecords.Parse(data)
	if !valid {
		return nil, fmt.Errorf("%w: the data is no JSON", connectors.ErrGarbage)
	}
	return jsonrecords.ReadRecord(held)
}
