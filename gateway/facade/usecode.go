package facade

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
)

// CodeLife is how long a use code serves.
const CodeLife = 30 * time.Minute

// pageLife is how long the address of a page serves; it does so once.
const pageLife = time.Minute

// behind is what stands behind a code.
type behind struct {
	System string          `json:"system"`
	Asked  json.RawMessage `json:"asked"` // the question of license/auth, as it came

	Item        string               `json:"item"`
	IDType      gateway.IdentityType `json:"id_type"`
	IDNumber    string               `json:"id_number"`
	ServiceItem string               `json:"service_item"`
	CaseNo      string               `json:"case_no"`
	OfficerRef  string               `json:"officer_ref"`
	Identifier  string               `json:"identifier,omitempty"` // of the licence that is meant; "": the holder's of that type
}

// space keeps use codes and the codes of pages apart: neither serves as the other.
type space struct {
	digest, key sm.Domain
	life        time.Duration
}

var (
	useCodes  = space{"kapok/facade/use-code/v1", "kapok/facade/use-code-key/v1", CodeLife}
	pageCodes = space{"kapok/facade/page-code/v1", "kapok/facade/page-code-key/v1", pageLife}
	linkCodes = space{"kapok/facade/link/v1", "kapok/facade/link-key/v1", longestLink}
)

func (p space) digestOf(code string) [32]byte { return sm.Sum(p.digest.Message([]byte(code))) }

// keyOf is the key that only who holds the code can make.
func (p space) keyOf(code string) []byte {
	sum := sm.Sum(p.key.Message([]byte(code)))
	return sum[:sm.KeySize]
}

// lend keeps what stands behind a new code: the time in 17 digits, as the API writes it,
// and 128 random bits.
func (w World) lend(ctx context.Context, in space, b behind) (code string, err error) {
	now := w.Now()
	code = strings.ReplaceAll(now.In(china).Format("20060102150405.000"), ".", "") + rand.Text()
	plain, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	digest := in.digestOf(code)
	sealed, err := sm.SealGCM(in.keyOf(code), plain, digest[:])
	if err != nil {
		return "", err
	}
	return code, w.Store.KeepUseCode(ctx, digest, sealed, now.Add(in.life))
}

// behindUseCode opens what stands behind a use code of this system.
func (w World) behindUseCode(ctx context.Context, code string, system *catalog.System) (behind, error) {
	digest := useCodes.digestOf(code)
	sealed, err := w.Store.UseCode(ctx, digest, w.Now())
	b, err := useCodes.open(code, sealed, err)
	if err == nil && b.System != system.ID {
		return behind{}, codeUnknown()
	}
	return b, err
}

// behindOnce opens what stands behind a code that serves once, and uses it up.
func (w World) behindOnce(ctx context.Context, in space, code string) (behind, error) {
	sealed, err := w.Store.TakeUseCode(ctx, in.digestOf(code), w.Now())
	return in.open(code, sealed, err)
}

func (p space) open(code string, sealed []byte, looking error) (b behind, err error) {
	if looking != nil && !errors.Is(looking, ErrNone) {
		return b, gateway.Fail(gateway.Unavailable, "store-unavailable", "The code could not be looked up; try again.").Because(looking)
	}
	if looking != nil {
		return b, codeUnknown()
	}
	digest := p.digestOf(code)
	plain, err := sm.OpenGCM(p.keyOf(code), sealed, digest[:])
	if err == nil {
		err = json.Unmarshal(plain, &b)
	}
	if err != nil {
		return behind{}, codeUnknown()
	}
	return b, nil
}

func codeUnknown() error {
	return gateway.Fail(gateway.NotFound, "use-code-unknown", "There is no such code of this system, or its time is over.")
}

// use asks the path for what stands behind a code.
func (w World) use(ctx context.Context, by exchange.Facade, b behind, operation gateway.Operation, call exchange.Call) (exchange.Release, error) {
	subject, err := gateway.ParseIdentity(b.IDType, b.IDNumber)
	if err != nil {
		return exchange.Release{}, err
	}
	call.Body = b.Asked
	return w.Path.AtFacade(ctx, by, exchange.FacadeAsk{
		Item: b.Item, Operation: operation, Subject: subject, ServiceItem: b.ServiceItem, CaseNo: b.CaseNo, OfficerRef: b.OfficerRef,
	}, call)
}

var china = time.FixedZone("CST", 8*60*60)
