package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// Verified says how many of Kapok's answers were put by and checked after the run.
type Verified struct {
	Releases int `json:"releases"` // response signature, data and receipt verify
	Refusals int `json:"refusals"` // a problem with a code
}

// verifyAll checks the answers that were put by as a caller would, both libraries
// asked. One that does not hold fails the run.
func verifyAll(answers []kept, pinned ledger.Bundle) (Verified, error) {
	verifier := sm.NewVerifier(sm.VerifierOptions{Both: true})
	var done Verified
	for _, one := range answers {
		if one.shot.status != http.StatusOK {
			if err := checkRefusal(one); err != nil {
				return done, err
			}
			done.Refusals++
			continue
		}
		if err := checkRelease(one, pinned, verifier); err != nil {
			return done, fmt.Errorf("bench: an answer of Kapok does not verify: %w", err)
		}
		done.Releases++
	}
	if done.Releases == 0 {
		return done, errors.New("bench: no release of Kapok was there to be verified")
	}
	return done, nil
}

func checkRefusal(one kept) error {
	_, _, body, err := reread(one)
	if err != nil {
		return err
	}
	var problem struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return errors.New("bench: a refusal of Kapok is not a problem with a code")
	}
	return nil
}

// checkRelease verifies the receipt, then the response's signature by the key that
// the receipt's certificate names.
func checkRelease(one kept, pinned ledger.Bundle, verifier *sm.Verifier) error {
	request, response, body, err := reread(one)
	if err != nil {
		return err
	}
	var released struct {
		ExchangeID string            `json:"exchange_id"`
		Data       map[string]string `json:"data"`
		Receipt    json.RawMessage   `json:"receipt"`
	}
	if err := json.Unmarshal(body, &released); err != nil {
		return err
	}
	if len(released.Data) != len(granted) {
		return errors.New("the fields returned are not those asked for")
	}
	report := ledger.VerifyReceipt(released.Receipt, pinned, verifier)
	if !report.OK() {
		return fmt.Errorf("receipt: %+v", report.Steps)
	}
	if report.Told == nil || report.Told.Ref != released.ExchangeID || report.Told.Kind != "outcome" {
		return errors.New("the receipt is of another exchange")
	}
	signer, err := receiptKey(released.Receipt)
	if err != nil {
		return err
	}
	return checkResponse(request, response, body, signer, verifier)
}

// reread parses the request as it was sent and the answer as it came.
func reread(one kept) (*http.Request, *http.Response, []byte, error) {
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(one.shot.request)))
	if err != nil {
		return nil, nil, nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(one.answer)), request)
	if err != nil {
		return nil, nil, nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, nil, err
	}
	return request, response, body, response.Body.Close()
}

// receiptKey is the operational key that sealed a receipt, whose chain was verified.
func receiptKey(receipt []byte) (*sm.PublicKey, error) {
	var sealed struct {
		Chain [][]byte `json:"chain"`
	}
	if err := json.Unmarshal(receipt, &sealed); err != nil || len(sealed.Chain) == 0 {
		return nil, errors.New("the receipt has no chain")
	}
	certificate, err := pki.Parse(sealed.Chain[0])
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey()
}

func checkResponse(request *http.Request, response *http.Response, body []byte, signer *sm.PublicKey, verifier *sm.Verifier) error {
	asked := messageOf(request)
	answer := httpsig.Message{Status: response.StatusCode, Header: response.Header, Request: &asked}
	params, signature, err := httpsig.Parse(answer, "kapok")
	if err != nil {
		return err
	}
	if params.KeyID != jose.NewJWK("", signer).Thumbprint() {
		return errors.New("the response is signed by another key than the receipt")
	}
	if !params.Covers(httpsig.Component{Name: "@status"}, httpsig.Component{Name: "content-digest"},
		httpsig.Component{Name: "signature", Req: true, Key: "sig1"}) {
		return errors.New("the response's signature covers too little")
	}
	if err := httpsig.CheckContentDigest(response.Header, body); err != nil {
		return err
	}
	return httpsig.Verify(answer, params, signature, signer, verifier)
}
