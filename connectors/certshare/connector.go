package certshare

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/crypto/sm"
)

const answerLimit = 4 << 20 // bytes

// holderCode is what GB/T 36903 calls the holder's number.
const holderCode = "certificateHolderCode"

// Connector asks for the licences of one type. Safe for concurrent use.
type Connector struct {
	declared declared
	client   *http.Client
}

// New makes a connector from the catalogue's settings; see parse for them.
func New(given map[string]string, secrets func(name string) (string, error), client *http.Client) (*Connector, error) {
	d, err := parse(given, secrets)
	if err != nil {
		return nil, fmt.Errorf("cert-share: %w", err)
	}
	stay := *client
	stay.CheckRedirect = connectors.StayHere
	return &Connector{d, &stay}, nil
}

type head struct {
	AccessID    string `json:"accessId"`
	AccessToken string `json:"accessToken"`
}

type question struct {
	Head head       `json:"head"`
	Data holderData `json:"data"`
}

type holderData struct {
	HolderCode     string   `json:"holderCode"`
	HolderTypeCode string   `json:"holderTypeCode"`
	CertTypeCode   string   `json:"certTypeCode"`
	UseCause       useCause `json:"useCause"`
}

type useCause struct {
	System   string `json:"certificateSystemName"`
	Category string `json:"certificateCallCategory"`
	Matter   string `json:"certificateMatterName"`
	Event    string `json:"certificateEventCode"`
	Cause    string `json:"certificateCopyCause"`
}

// Fetch asks for the subject's licences of the type.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (answer connectors.Answer, err error) {
	if q.Subject.IsZero() {
		return answer, connectors.ErrNobody
	}
	asked, err := json.Marshal(c.question(q))
	if err != nil {
		return answer, err
	}
	res, body, err := connectors.PostJSON(ctx, c.client, c.declared.url+"/queryCertInfoByHolderCode", http.Header{}, asked, answerLimit)
	if err != nil {
		return answer, err
	}
	whole, found, err := open(res, body)
	if err != nil {
		return answer, err
	}
	answer.BodyDigest = sm.Sum(body)
	if sent, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		answer.AsOf = sent.UTC()
	}
	if !found {
		return answer, nil
	}
	if answer.Records, err = c.records(whole); err != nil {
		return connectors.Answer{}, err
	}
	if err := jsonrecords.About(answer.Records, holderCode, q.Subject); err != nil {
		return connectors.Answer{}, err
	}
	return answer, nil
}

func (c *Connector) question(q connectors.Query) question {
	system := q.Operator.System
	if q.Operator.Officer != "" {
		system += "/" + q.Operator.Officer
	}
	return question{
		Head: head{c.declared.accessID, c.declared.accessToken},
		Data: holderData{
			HolderCode: q.Subject.Number(), HolderTypeCode: c.declared.holderType(q.Subject.Type), CertTypeCode: c.declared.typeCode,
			UseCause: useCause{System: system, Category: c.declared.category, Matter: q.ServiceItem, Event: q.CaseNo, Cause: q.Purpose},
		},
	}
}

// The service's answers that are not a failure.
const (
	allWell   = "0"
	noneFound = "10"
)

// open reads an answer's head. Its message is not looked at: it may hold personal data.
func open(res *http.Response, body []byte) (whole jsonrecords.Value, found bool, err error) {
	if err := connectors.ExpectJSON(res); err != nil {
		return nil, false, err
	}
	whole, valid := jsonrecords.Parse(body)
	if !valid || !whole.IsObject() {
		return nil, false, fmt.Errorf("%w: the answer is not a JSON object in UTF-8", connectors.ErrGarbage)
	}
	status, plain := jsonrecords.Pointer{"head", "status"}.Text(whole)
	switch {
	case !plain || status == "":
		return nil, false, fmt.Errorf("%w: the answer has no status", connectors.ErrGarbage)
	case status == noneFound:
		return whole, false, nil
	case status != allWell:
		return nil, false, refusal(status)
	}
	return whole, true, nil
}

var refusals = map[string]string{
	"11": "the caller is not known", "99": "another failure", "100": "the caller may not use this licence",
	"103": "the holder's number and its type do not go together",
}

func refusal(status string) error {
	says, known := refusals[status]
	if !known {
		says = "a status that the service's text does not name"
	}
	return fmt.Errorf("%w: %s", connectors.ErrRefused, says)
}

// records decrypts what came.
func (c *Connector) records(whole jsonrecords.Value) (records []connectors.Record, err error) {
	text, sent := jsonrecords.Pointer{"data", "certData"}.Text(whole)
	sealed, broken := hex.DecodeString(text)
	if !sent || broken != nil {
		return nil, fmt.Errorf("%w: certData is not in hexadecimal digits", connectors.ErrGarbage)
	}
	plain, err := c.declared.key.Decrypt(sealed, c.declared.cipher)
	if err != nil {
		return nil, fmt.Errorf("%w: certData is not encrypted to Kapok's key", connectors.ErrGarbage)
	}
	held, valid := jsonrecords.Parse(plain)
	if !valid {
		return nil, fmt.Errorf("%w: certData does not decrypt to JSON", connectors.ErrGarbage)
	}
	if held.IsObject() {
		record, err := readCertificate(held)
		return []connectors.Record{record}, err
	}
	if !held.IsArray() {
		return nil, fmt.Errorf("%w: certData is neither an object nor a list", connectors.ErrGarbage)
	}
	for each := range held.Elements() {
		record, err := readCertificate(each)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

const extension = "extend_info"

// readCertificate makes one record of a licence's elements and its extensions.
func readCertificate(held jsonrecords.Value) (connectors.Record, error) {
	record := connectors.Record{}
	return record, join(record, held)
}

// join puts an object's plain members into a record, none twice, and those of the
// extension, which is an object or its text, beside them.
func join(record connectors.Record, from jsonrecords.Value) error {
	if !from.IsObject() {
		return fmt.Errorf("%w: a licence is not an object", connectors.ErrGarbage)
	}
	for name, inner := range from.Members() {
		if name == extension && !inner.IsNull() {
			if err := join(record, unfolded(inner)); err != nil {
				return err
			}
			continue
		}
		text, plain := inner.Text()
		if _, twice := record[name]; twice || !plain {
			return fmt.Errorf("%w: a licence has a name twice, or one that is no plain value", connectors.ErrGarbage)
		}
		record[name] = text
	}
	return nil
}

// unfolded is what an extension's text holds; an object is that already.
func unfolded(v jsonrecords.Value) jsonrecords.Value {
	if text, plain := v.Text(); plain {
		if inside, valid := jsonrecords.Parse([]byte(text)); valid {
			return inside
		}
	}
	return v
}
