package exchange

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"kapok/crypto/httpsig"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/federation"
	"kapok/gateway/ledger"
)

const (
	peerDoor = "peer" // how entries name another Kapok among the doors
	peerTag  = "kapok-peer"
)

// peerCovers are the parts that another Kapok's signature has to cover. There is no access
// token: the certificates say whose key it is, and the nonce serves once.
var peerCovers = []string{"@method", "@target-uri", "content-digest", strings.ToLower(federation.MemberHeader), strings.ToLower(federation.Certificates)}

// peerAsk is the body of POST /v1/peers/exchanges: what any system asks, and for whom the
// other Kapok asks it.
type peerAsk struct {
	Ask
	From peerFrom `json:"from"`
}

// peerFrom is what the other Kapok says of the use on its side. It answers for that; here
// it is recorded and gives no right: what may be done is decided by this Kapok's own
// grants and access bases.
type peerFrom struct {
	Department string `json:"department"`  // by its id there
	ExchangeID string `json:"exchange_id"` // of the use there
	BasisKind  string `json:"basis_kind"`
	Provision  string `json:"provision"`
	Basis      string `json:"basis"` // SM3 of the access basis's document there
}

var peerRules = []struct {
	field, says string
	holds       func(peerFrom) bool
}{
	{"/from/department", "from.department is required: who asks there, by an id of at most 64 characters", func(f peerFrom) bool { return code.MatchString(f.Department) }},
	{"/from/exchange_id", "from.exchange_id is required: of the use there", func(f peerFrom) bool { return code.MatchString(f.ExchangeID) }},
	{"/from/basis_kind", "from.basis_kind is at most 64 letters, digits, - _ . /", func(f peerFrom) bool { return f.BasisKind == "" || code.MatchString(f.BasisKind) }},
	{"/from/provision", "from.provision has at most 512 bytes", func(f peerFrom) bool { return len(f.Provision) <= 512 }},
	{"/from/basis", "from.basis is an SM3 in 64 hexadecimal digits", func(f peerFrom) bool { return f.Basis == "" || len(f.Basis) == 64 && code.MatchString(f.Basis) }},
}

// AtPeer walks the path for another Kapok: a member of the federation by the list in force,
// which signs with its operational key. It is one of the catalogue's systems with grants of
// its own. Where it names no access basis, the one in force here for it is found.
func (s *Service) AtPeer(ctx context.Context, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	return s.walk(ctx, u, s.admitPeer)
}

func (s *Service) admitPeer(ctx context.Context, u *use) error {
	caller, err := s.provePeer(u)
	if err != nil {
		return err
	}
	u.caller = caller
	var asked peerAsk
	if err := decodeStrictly(u.call.Body, &asked); err != nil {
		return err
	}
	for _, rule := range peerRules {
		if !rule.holds(asked.From) {
			return invalidField(rule.field, rule.says)
		}
	}
	u.from = &asked.From
	if u.ask, u.subject, err = checkAsk(asked.Ask); err != nil {
		return err
	}
	system, _ := u.live.Catalog.System(caller.System)
	if !slices.Contains(system.Peer.Operations, u.ask.Operation) {
		return gateway.Fail(gateway.Forbidden, "peer-operation", "The catalogue does not let this member do this.")
	}
	return s.findBasis(ctx, u)
}

// provePeer finds out which member calls, and that its key signed this very request.
func (s *Service) provePeer(u *use) (Caller, error) {
	message := httpsig.Message{Method: u.call.Method, TargetURI: u.call.TargetURI, Header: u.call.Header}
	params, signature, err := httpsig.Parse(message, requestLabel)
	if err != nil {
		return Caller{}, err
	}
	if err := s.peerParams(u.call, params); err != nil {
		return Caller{}, err
	}
	id := u.call.Header.Get(federation.MemberHeader)
	key, err := s.memberKey(u.live, id, u.call.Header.Get(federation.Certificates))
	if err != nil {
		return Caller{}, err
	}
	system, known := u.live.Catalog.ByMember(id)
	if !known {
		return Caller{}, gateway.Fail(gateway.Unauthenticated, "peer-unknown", "The member is on the federation's list; here it is no system that may call.")
	}
	if params.KeyID != key.ID {
		return Caller{}, gateway.Fail(gateway.Unauthenticated, "key-mismatch", "The request is signed by another key than that of the certificates it carries.")
	}
	if err := httpsig.Verify(message, params, signature, key.Key, s.verifier); err != nil {
		return Caller{}, err
	}
	if err := httpsig.CheckContentDigest(u.call.Header, u.call.Body); err != nil {
		return Caller{}, err
	}
	base, err := httpsig.Base(message, params)
	return Caller{
		System: system.ID, Department: system.Department, KeyID: key.ID, Door: peerDoor,
		Nonce: params.Nonce, Created: params.Created, Base: base, Signature: signature,
	}, err
}

func (s *Service) peerParams(call Call, params httpsig.Params) error {
	if missing := uncovered(call, params, peerCovers); missing != "" {
		failure := gateway.Fail(gateway.Unauthenticated, "signature-incomplete",
			"The signature has to cover @method, @target-uri, content-digest, kapok-member, kapok-certificates, and idempotency-key where it is sent.")
		failure.Field = missing
		return failure
	}
	if len(call.Header.Values(federation.MemberHeader)) != 1 || len(call.Header.Values(federation.Certificates)) != 1 {
		return gateway.Fail(gateway.Unauthenticated, "peer-unknown", "Kapok-Member and Kapok-Certificates stand once each.")
	}
	return s.checkOccasion(call, params, peerTag)
}

// memberKey verifies the certificates of a member's operational key, once for each key
// while one edition of the catalogue is in force.
func (s *Service) memberKey(live *snapshot, id, header string) (federation.Operational, error) {
	now := s.now()
	member, err := live.Members.Member(id, now)
	if err != nil {
		return federation.Operational{}, err
	}
	if proven, known := live.proven.find(id+" "+header, now); known {
		return proven, nil
	}
	chain, err := federation.ReadChain(header)
	if err == nil {
		var key federation.Operational
		if key, err = member.Operational(s.verifier, chain, now); err == nil {
			live.proven.keep(id+" "+header, key)
			return key, nil
		}
	}
	return federation.Operational{}, gateway.Fail(gateway.Unauthenticated, "peer-certificate", "The certificates are not those of an operational key of this member, by the roots of the federation's list.").Because(err)
}

// findBasis looks for the access basis in force for the member where it named none; whether
// it holds is decided later, on the path.
func (s *Service) findBasis(ctx context.Context, u *use) error {
	if u.ask.BasisID != "" {
		return nil
	}
	var err error
	if u.resolved, err = s.resolver.Resolve(ctx, u.subject, ""); err == nil {
		var found *basis.Basis
		if found, err = s.basisFor(ctx, u); found != nil {
			u.ask.BasisID = found.ID
		}
	}
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "store-unavailable", "The person and the basis could not be looked up; try again.").Because(err)
	}
	return nil
}

// fields say in each entry for whom the other Kapok asked.
func (f *peerFrom) fields() []ledger.Field {
	if f == nil {
		return nil
	}
	return []ledger.Field{
		{Name: "peer-department", Value: f.Department}, {Name: "peer-exchange", Value: f.ExchangeID}, {Name: "peer-basis-kind", Value: f.BasisKind},
		{Name: "peer-provision", Value: f.Provision}, {Name: "peer-basis", Value: f.Basis},
	}
}

// provenKeys are members' keys whose certificates were found good.
type provenKeys struct {
	mu    sync.Mutex
	known map[string]federation.Operational
}

const maxProven = 4096 // members times the operational keys alive at once

func (p *provenKeys) find(header string, now time.Time) (federation.Operational, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, known := p.known[header]
	return found, known && now.Before(found.Until)
}

func (p *provenKeys) keep(header string, key federation.Operational) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxProven || p.known == nil {
		p.known = map[string]federation.Operational{}
	}
	p.known[strings.Clone(header)] = key
}
