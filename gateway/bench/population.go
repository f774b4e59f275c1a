package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"kapok/gateway"
)

// What every call of the load is about. The codes are those of the example catalogue.
const (
	item    = "1010010001/000001"               // 居民户籍登记信息
	matter  = "11440106KAPK0002272010511001000" // 最低生活保障审核确认
	purpose = "assistance-review"
)

// granted are the fields that every system was granted and every consent covers;
// beyond is one that neither does.
var granted = []string{"name", "household_address", "household_size", "state"}

const beyond = "ethnic_group"

// citizen is one person of the load and the consent that their data is asked under.
type citizen struct {
	identity gateway.Identity
	basis    string // its id
}

// population is who calls and who is asked about. Citizen number i is served by
// system i modulo their count, to whom the consent was given.
type population struct {
	systems  []system
	citizens []citizen
}

// Of every forty citizens one has withdrawn the consent and one more is asked about
// with a field too many: five refusals in a hundred calls.
const (
	refusalCycle = 40
	withdrawnAt  = 7
	excessAt     = 27
)

func withdrew(index int) bool    { return index%refusalCycle == withdrawnAt }
func asksTooMuch(index int) bool { return index%refusalCycle == excessAt }

// stride spreads consecutive calls over the citizens; it is prime, and so divides no
// count of citizens but its own multiples.
const stride = 7919

// at is which citizen call number asks about: all of them in turn, none twice before
// all have been.
func (p population) at(number int) int { return number * stride % len(p.citizens) }

func (p population) systemOf(index int) int { return index % len(p.systems) }

// ask is the body of POST /v1/exchanges as openapi.yaml has it.
type ask struct {
	Item        string   `json:"item"`
	Fields      []string `json:"fields"`
	Operation   string   `json:"operation"`
	Subject     subject  `json:"subject"`
	ServiceItem string   `json:"service_item"`
	CaseNo      string   `json:"case_no"`
	OfficerRef  string   `json:"officer_ref"`
	Purpose     string   `json:"purpose"`
	BasisID     string   `json:"basis_id"`
}

type subject struct {
	IDType   string `json:"id_type"`
	IDNumber string `json:"id_number"`
}

// exchangeAsk drafts what call number asks of Kapok, and says what has to come back.
func (p population) exchangeAsk(number int) (unsigned, error) {
	index := p.at(number)
	who := p.citizens[index]
	asked, status := granted, http.StatusOK
	switch {
	case withdrew(index):
		status = http.StatusForbidden
	case asksTooMuch(index):
		asked, status = append(granted[:len(granted):len(granted)], beyond), http.StatusPreconditionFailed
	}
	body, err := json.Marshal(ask{
		Item: item, Fields: asked, Operation: string(gateway.View),
		Subject:     subject{IDType: string(who.identity.Type), IDNumber: who.identity.Number()},
		ServiceItem: matter, CaseNo: "BENCH-" + strconv.Itoa(number), OfficerRef: "officer-0001",
		Purpose: purpose, BasisID: who.basis,
	})
	return unsigned{system: p.systemOf(index), body: body, status: status}, err
}

// pageOfCitizens is how many the sandbox names at once.
const pageOfCitizens = 10_000

// namedCitizens asks the sandbox whom it knows.
func namedCitizens(ctx context.Context, source string, count int) ([]citizen, error) {
	var all []citizen
	for len(all) < count {
		page, err := pageFrom(ctx, fmt.Sprintf("%s/_sandbox/citizens?from=%d&limit=%d", source, len(all), min(pageOfCitizens, count-len(all))))
		if err != nil {
			return nil, fmt.Errorf("bench: the sandbox's citizens: %w", err)
		}
		if len(page) == 0 {
			return nil, errors.New("bench: the sandbox knows fewer citizens than were asked for")
		}
		all = append(all, page...)
	}
	return all, nil
}

func pageFrom(ctx context.Context, address string) ([]citizen, error) {
	var page []subject
	if err := getJSON(ctx, address, &page); err != nil {
		return nil, err
	}
	citizens := make([]citizen, len(page))
	for i, one := range page {
		identity, err := gateway.ParseIdentity(gateway.IdentityType(one.IDType), one.IDNumber)
		if err != nil {
			return nil, err
		}
		citizens[i] = citizen{identity: identity}
	}
	return citizens, nil
}

const maxPage = 8 << 20 // bytes

func getJSON(ctx context.Context, address string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(response.Body, maxPage)).Decode(into)
}
