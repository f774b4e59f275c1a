package facade

import (
	"context"
	"encoding/json"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/exchange"
)

// States of a licence, as the API writes them (license_status).
const (
	issued    = "ISSUED"
	abolished = "ABOLISHED"
)

// Listed is one licence that a holder has, or had.
type Listed struct {
	ItemCode string `json:"license_item_code"`
	Name     string `json:"name"`
	Status   string `json:"license_status"`
	UseCode  string `json:"auth_code"` // "" for one that was abolished
	Exchange string `json:"exchange_id,omitempty"`
}

// NotListed is a type of licence that the matter could use, and why nothing is said of it.
type NotListed struct {
	ItemCode string `json:"license_item_code"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}

// List answers license/auth.
type List struct {
	Licences  []Listed
	NotListed []NotListed
	handed
}

// UseCodes are those of the licences in the list.
func (l List) UseCodes() []string {
	codes := []string{}
	for _, each := range l.Licences {
		if each.UseCode != "" {
			codes = append(codes, each.UseCode)
		}
	}
	return codes
}

// Auth lists the licences that holders have for a matter and a case. Each is asked for on
// the path; a type that the path refuses is named with the reason, and where every one is
// refused, so is the question. A source that cannot be asked fails the whole: a licence
// that was not looked for must not pass for one that is not held.
func (s *LicenceApp) Auth(ctx context.Context, system *catalog.System, call exchange.Call) (List, error) {
	q, holders, err := ParseQuestion(call.Body)
	if err != nil {
		return List{}, err
	}
	list := List{Licences: []Listed{}, NotListed: []NotListed{}}
	kinds := s.usable(system, q.ServiceItemCode)
	if len(kinds) == 0 {
		return list, gateway.Fail(gateway.Forbidden, "grant-missing", "No licence is granted to this system for this matter.")
	}
	var refused error
	for _, holder := range holders {
		for _, kind := range kinds {
			if !kind.item.Serves(holder.Type) {
				continue
			}
			b := behind{
				System: system.ID, Asked: call.Body, Item: kind.item.Code, IDType: holder.Type, IDNumber: holder.Number(),
				ServiceItem: q.ServiceItemCode, CaseNo: q.BizNum, OfficerRef: q.Operator.Account,
			}
			if err := s.look(ctx, system, kind, b, call, &list); gateway.AsError(err).Kind == gateway.Forbidden && err != nil {
				refused = err
				list.NotListed = append(list.NotListed, NotListed{kind.code, gateway.AsError(err).Code, gateway.AsError(err).Message})
			} else if err != nil {
				list.Handed(err)
				return List{}, err
			}
		}
	}
	if refused != nil && len(list.NotListed) == len(holders)*len(kinds) {
		return List{}, refused
	}
	return list, nil
}

// look asks whether a holder has a licence of a kind.
func (s *LicenceApp) look(ctx context.Context, system *catalog.System, kind licenceItem, b behind, call exchange.Call, into *List) error {
	release, err := s.use(ctx, licenceAppFacade(system), b, gateway.Verify, call)
	switch code := gateway.AsError(err).Code; {
	case err != nil && code == "record-missing":
		return nil
	case err != nil && code == "licence-abolished":
		into.Licences = append(into.Licences, Listed{ItemCode: kind.code, Name: kind.name, Status: abolished})
		return nil
	case err != nil:
		return err
	}
	into.handed = append(into.handed, release.Handed)
	var told struct {
		Exchange string          `json:"exchange_id"`
		Data     map[string]bool `json:"data"`
	}
	if err := json.Unmarshal(release.Body, &told); err != nil {
		return err
	}
	for _, holds := range told.Data {
		if !holds {
			return nil
		}
	}
	useCode, err := s.lend(ctx, useCodes, b)
	if err != nil {
		return err
	}
	into.Licences = append(into.Licences, Listed{ItemCode: kind.code, Name: kind.name, Status: issued, UseCode: useCode, Exchange: told.Exchange})
	return nil
}
