package gjzwfwpt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
)

const answerLimit = 1 << 20 // bytes

// line is how an account calls: signed, and read strictly.
type line struct {
	account  account
	envelope jsonrecords.Envelope
	client   *http.Client
	now      func() time.Time
}

func newLine(who account, client *http.Client) line {
	stay := *client
	stay.CheckRedirect = connectors.StayHere
	return line{who, success(), &stay, time.Now}
}

// sign is Base64(HMAC-SHA256(appkey, sid‖rid‖rtime)).
func (a account) sign(sid, rtime string) string {
	mac := hmac.New(sha256.New, a.appKey)
	mac.Write([]byte(sid + a.rid + rtime))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// call sends a question and returns the whole answer where its code is "200", with
// the body as it came.
func (l line) call(ctx context.Context, url, sid, requestID string, question map[string]string) (jsonrecords.Value, []byte, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, nil, err
	}
	rtime := strconv.FormatInt(l.now().UnixMilli(), 10)
	header := http.Header{
		"gjzwfwpt_rid": {l.account.rid}, "gjzwfwpt_sid": {sid}, "gjzwfwpt_rtime": {rtime},
		"gjzwfwpt_sign": {l.account.sign(sid, rtime)},
	}
	if requestID != "" {
		header.Set("X-Request-Id", requestID)
	}
	res, answer, err := connectors.PostJSON(ctx, l.client, url, header, body, answerLimit)
	if err != nil {
		return nil, nil, err
	}
	if err := connectors.ExpectJSON(res); err != nil {
		return nil, nil, err
	}
	whole, err := l.envelope.Open(answer)
	return whole, answer, err
}

// success is what every answer that is one says: {"code":"200"}.
func success() jsonrecords.Envelope {
	envelope, err := jsonrecords.ParseEnvelope("/code", "200")
	if err != nil {
		panic(err) // the pointer above is one
	}
	return envelope
}
