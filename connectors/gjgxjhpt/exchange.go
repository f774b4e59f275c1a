package gjgxjhpt

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
)

// exchangeKey asks the platform for the interface's secret.
func (c *Connector) exchangeKey(ctx context.Context) (*secret, error) {
	rtime := stamp(c.now())
	question, err := json.Marshal(map[string]string{
		"gjgxjhpt_rid":   c.settings.RID,
		"gjgxjhpt_sid":   c.settings.SID,
		"gjgxjhpt_rtime": rtime,
		"gjgxjhpt_sign":  sign([]byte(c.settings.AppKey), c.settings.SID, c.settings.RID, rtime),
	})
	if err != nil {
		return nil, err
	}
	body, err := c.post(ctx, c.settings.KeyURL, http.Header{}, question)
	if err != nil {
		return nil, err
	}
	return c.settings.readKey(body, c.now())
}

// readKey reads the answer of the key exchange. The secret's end is in
// milliseconds since 1970, as a number or as text.
func (s Settings) readKey(body []byte, now time.Time) (*secret, error) {
	whole, err := envelope(body)
	if err != nil {
		return nil, err
	}
	sealed, sent := jsonrecords.Pointer{"data", "secret"}.Text(whole)
	if !sent {
		return nil, fmt.Errorf("%w: the key exchange sends no secret", connectors.ErrGarbage)
	}
	key, err := openSecret(s.AppKey, sealed, modes[s.Cipher])
	if err != nil {
		return nil, fmt.Errorf("%w: the secret cannot be decrypted: %v", connectors.ErrGarbage, err)
	}
	written, _ := jsonrecords.Pointer{"data", "secretEndTime"}.Text(whole)
	end, err := strconv.ParseInt(written, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: secretEndTime is not in milliseconds", connectors.ErrGarbage)
	}
	if !time.UnixMilli(end).After(now) {
		return nil, fmt.Errorf("%w: the secret has ended already; compare the clocks", connectors.ErrGarbage)
	}
	return &secret{key: key, end: time.UnixMilli(end)}, nil
}
