package licenceapp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/crypto/sm"
)

// Connector asks for the licences of one type. Safe for concurrent use.
type Connector struct {
	declared declared
	session  *session
	client   *http.Client
}

// New makes a connector from the catalogue's settings; see parse for them.
func New(given map[string]string, secrets func(name string) (string, error), client *http.Client) (*Connector, error) {
	d, err := parse(given)
	if err != nil {
		return nil, fmt.Errorf("license-app: %w", err)
	}
	stay := *client
	stay.CheckRedirect = connectors.StayHere
	opened, err := d.session(secrets, &stay)
	if err != nil {
		return nil, fmt.Errorf("license-app: %w", err)
	}
	return &Connector{d, opened, &stay}, nil
}

// pageSize is the most licences that one answer may list by the API.
const pageSize = 150

// Fetch asks for the subject's licences of the type. The body's digest is that of all
// answers, one after the other.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (answer connectors.Answer, err error) {
	if q.Subject.IsZero() {
		return answer, connectors.ErrNobody
	}
	var listed jsonrecords.Value
	var evidence []byte
	err = c.session.with(ctx, func(proof url.Values) (err error) {
		listed, evidence, err = c.list(ctx, proof, q)
		return err
	})
	if err != nil {
		return answer, err
	}
	codes, err := c.useCodes(listed)
	if err != nil {
		return answer, err
	}
	for _, code := range codes {
		record, body, err := c.licence(ctx, code)
		if err != nil {
			return connectors.Answer{}, err
		}
		answer.Records, evidence = append(answer.Records, record), append(evidence, body...)
	}
	if err := jsonrecords.About(answer.Records, "holder_identity_num", q.Subject); err != nil {
		return connectors.Answer{}, err
	}
	if answer.AsOf, err = readTime(listed); err != nil {
		return connectors.Answer{}, err
	}
	answer.BodyDigest = sm.Sum(evidence)
	return answer, nil
}

func (c *Connector) list(ctx context.Context, proof url.Values, q connectors.Query) (jsonrecords.Value, []byte, error) {
	question, err := json.Marshal(map[string]any{
		"identity_number": q.Subject.Number(), "service_item_code": q.ServiceItem, "biz_num": q.CaseNo, "use_cause": q.Purpose,
		"page_index": 1, "page_size": pageSize, "request_id": q.RequestID, "operator": c.declared.operatorOf(q.Operator),
	})
	if err != nil {
		return nil, nil, err
	}
	res, body, err := connectors.PostJSON(ctx, c.client, c.declared.url+"/license/auth?"+proof.Encode(), http.Header{}, question, answerLimit)
	if err != nil {
		return nil, nil, err
	}
	whole, err := open(res, body, c.declared.expiredCode)
	return whole, body, err
}

// useCodes are those of the listed licences that are of the type and in force. Where none
// is, and one was abolished, that is the answer.
func (c *Connector) useCodes(listed jsonrecords.Value) (codes []string, err error) {
	data, present := jsonrecords.Pointer{"data"}.Follow(listed)
	if !present || !data.IsArray() {
		return nil, fmt.Errorf("%w: the answer lists no licences", connectors.ErrGarbage)
	}
	count, ended := 0, false
	for each := range data.Elements() {
		count++
		item, _ := jsonrecords.Pointer{"license_item_code"}.Text(each)
		status, _ := jsonrecords.Pointer{"license_status"}.Text(each)
		ended = ended || item == c.declared.itemCode && status == abolished
		if item != c.declared.itemCode || status != issued {
			continue
		}
		code, sent := jsonrecords.Pointer{"auth_code"}.Text(each)
		if !sent || code == "" {
			return nil, fmt.Errorf("%w: a licence has no use code", connectors.ErrGarbage)
		}
		codes = append(codes, code)
	}
	err = wholeList(listed, count)
	if err == nil && ended && len(codes) == 0 {
		err = connectors.ErrAbolished
	}
	return codes, err
}

// wholeList refuses a list that goes on beyond its page: a licence that was not looked
// at must not pass for one that is not held.
func wholeList(listed jsonrecords.Value, count int) error {
	written, said := jsonrecords.Pointer{"total_count"}.Text(listed)
	if total, err := strconv.Atoi(written); said && (err != nil || total > count) {
		return fmt.Errorf("%w: the list is not as long as its total_count", connectors.ErrGarbage)
	}
	return nil
}

func (c *Connector) licence(ctx context.Context, code string) (record connectors.Record, body []byte, err error) {
	err = c.session.with(ctx, func(proof url.Values) error {
		proof.Set("auth_code", code)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.declared.url+"/license/get_license?"+proof.Encode(), nil)
		if err != nil {
			return fmt.Errorf("%w: the request cannot be made", connectors.ErrUnavailable)
		}
		res, answer, err := connectors.Ask(c.client, req, answerLimit)
		if err != nil {
			return err
		}
		whole, err := open(res, answer, c.declared.expiredCode)
		if err != nil {
			return err
		}
		record, body = nil, answer
		record, err = readLicence(whole)
		return err
	})
	return record, body, err
}
