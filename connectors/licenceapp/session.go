package licenceapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
)

const answerLimit = 4 << 20 // bytes

// errExpired says that the province took the access token for one that serves no more.
var errExpired = fmt.Errorf("%w: the access token serves no more", connectors.ErrRefused)

// session keeps the access token of one account.
type session struct {
	url      string
	question map[string]string
	client   *http.Client

	mu    sync.Mutex
	token string
}

// hold returns a token that is not the stale one, and logs in for it where need be.
func (s *session) hold(ctx context.Context, stale string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != "" && s.token != stale {
		return s.token, nil
	}
	body, err := json.Marshal(s.question)
	if err != nil {
		return "", err
	}
	res, answer, err := connectors.PostJSON(ctx, s.client, s.url, http.Header{}, body, answerLimit)
	if err != nil {
		return "", err
	}
	whole, err := open(res, answer, "")
	if err != nil {
		return "", err
	}
	token, sent := jsonrecords.Pointer{"access_token"}.Text(whole)
	if !sent || token == "" {
		return "", fmt.Errorf("%w: the login got no access token", connectors.ErrGarbage)
	}
	s.token = token
	return token, nil
}

// with calls with a token, and once more with a new one where the first had expired.
func (s *session) with(ctx context.Context, call func(proof url.Values) error) error {
	token, err := s.hold(ctx, "")
	if err != nil {
		return err
	}
	if err = call(url.Values{"access_token": {token}}); !errors.Is(err, errExpired) {
		return err
	}
	if token, err = s.hold(ctx, token); err != nil {
		return err
	}
	return call(url.Values{"access_token": {token}})
}

// open reads an answer's envelope. Of its errors only whether one is expiredCode is
// looked at: their messages hold personal data.
func open(res *http.Response, body []byte, expiredCode string) (jsonrecords.Value, error) {
	if err := connectors.ExpectJSON(res); err != nil {
		return nil, err
	}
	envelope, err := jsonrecords.ParseEnvelope("/ack_code", "SUCCESS")
	if err != nil {
		return nil, err
	}
	whole, err := envelope.Open(body)
	if errors.Is(err, connectors.ErrRefused) && expiredCode != "" && tells(body, expiredCode) {
		return nil, errExpired
	}
	return whole, err
}

func tells(body []byte, code string) bool {
	whole, _ := jsonrecords.Parse(body)
	list, present := jsonrecords.Pointer{"errors"}.Follow(whole)
	if !present || !list.IsArray() {
		return false
	}
	for each := range list.Elements() {
		if said, plain := (jsonrecords.Pointer{"code"}).Text(each); plain && said == code {
			return true
		}
	}
	return false
}
