package demo

import (
	"encoding/json"
	"errors"
	"time"

	"kapok/cmd/kapok-sandbox/department"
)

// The documents of Kapok's API (gateway/httpapi/openapi.yaml), as far as the
// demonstration reads them.

type question struct {
	Item        string   `json:"item"`
	Fields      []string `json:"fields"`
	Operation   string   `json:"operation"`
	Subject     subject  `json:"subject"`
	ServiceItem string   `json:"service_item"`
	CaseNo      string   `json:"case_no"`
	OfficerRef  string   `json:"officer_ref"`
	Purpose     string   `json:"purpose"`
	BasisID     string   `json:"basis_id"`

	Expected map[string]string `json:"expected,omitempty"` // VERIFY only
}

type subject struct {
	IDType   string `json:"id_type"`
	IDNumber string `json:"id_number"`
}

type release struct {
	ExchangeID string         `json:"exchange_id"`
	Retry      bool           `json:"retry"`
	Data       map[string]any `json:"data"` // text; true or false where the operation is VERIFY
	Source     struct {
		Provider string `json:"provider"`
		AsOf     string `json:"as_of"`
		Held     int    `json:"held_fields"`
	} `json:"source"`
	Decision struct {
		Effect    string `json:"effect"`
		PolicySet string `json:"policy_set"`
		Reasons   []struct {
			Policy string `json:"policy"`
			Zh     string `json:"zh"`
			En     string `json:"en"`
		} `json:"reasons"`
		Obligations []string `json:"obligations"`
	} `json:"decision"`
}

// readRelease reads an answer that has to be a release.
func readRelease(answer department.Answer) (release, error) {
	if !answer.OK() {
		return release{}, errors.New("Kapok refused: " + answer.Problem().String())
	}
	var read release
	if err := json.Unmarshal(answer.Body, &read); err != nil {
		return release{}, errors.New("the release is not the JSON that the API describes")
	}
	if read.Decision.Effect != "allow" || len(read.ExchangeID) != 32 {
		return release{}, errors.New("the release says neither that it was allowed nor which exchange it is")
	}
	return read, nil
}

type item struct {
	Code     string  `json:"code"`
	Name     string  `json:"name"`
	Provider named   `json:"provider"`
	Fields   []field `json:"fields"`
}

type field struct {
	Name      string `json:"name"`
	Label     string `json:"label"`
	Sensitive bool   `json:"sensitive"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (n named) String() string {
	if n.Name == "" {
		return n.ID
	}
	return n.Name
}

// terms are what a basis allows, and what opens one: a provision for a statutory
// basis, the digest of the notice that was read for a consent.
type terms struct {
	Department  string    `json:"department"`
	System      string    `json:"system"`
	Item        string    `json:"item"`
	Fields      []string  `json:"fields"`
	Operation   string    `json:"operation"`
	ServiceItem string    `json:"service_item"`
	Purpose     string    `json:"purpose"`
	CaseNo      string    `json:"case_no,omitempty"`
	Expires     time.Time `json:"expires"`
	Provision   string    `json:"legal_provision,omitempty"`
	NoticeSM3   string    `json:"notice_sm3,omitempty"`
}

type notice struct {
	Text string `json:"text"`
	SM3  string `json:"sm3"`
}

type basis struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	State       string    `json:"state"`
	Department  named     `json:"department"`
	System      named     `json:"system"`
	Item        named     `json:"item"`
	ServiceItem named     `json:"service_item"`
	Purpose     named     `json:"purpose"`
	Expires     time.Time `json:"expires"`
	Provision   struct {
		Law     string `json:"law"`
		Article string `json:"article"`
	} `json:"legal_provision"`
}

type basisList struct {
	Bases []basis `json:"bases"`
}

type accessPage struct {
	Accesses []access `json:"accesses"`
}

type access struct {
	Origin      string    `json:"origin"`
	Index       uint64    `json:"index"`
	At          time.Time `json:"at"`
	Kind        string    `json:"kind"` // intent, outcome, refusal, …
	Ref         string    `json:"ref"`  // the exchange's id
	Department  named     `json:"department"`
	System      named     `json:"system"`
	Item        named     `json:"item"`
	ServiceItem named     `json:"service_item"`
	Operation   string    `json:"operation"`
	CaseNo      string    `json:"case_no"`
	Asked       []field   `json:"asked"`
	Returned    []field   `json:"returned"`
	BasisID     string    `json:"basis_id"`
	BasisKind   string    `json:"basis_kind"`
	Provision   string    `json:"legal_provision"`
	Result      string    `json:"result"` // of an outcome: released or failed
	Code        string    `json:"code"`
}

func (a access) released(exchange string) bool {
	return a.Kind == "outcome" && a.Result == "released" && a.Ref == exchange
}

func (a access) refused(basisID, code string) bool {
	return a.Kind == "refusal" && a.BasisID == basisID && a.Code == code
}
