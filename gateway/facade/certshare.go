package facade

import (
	"context"
	"encoding/hex"
	"encoding/json"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
	"kapok/gateway/licensing"
)

// CertShareDoor is how entries name the share service among the doors.
const CertShareDoor = "cert-share"

// Keys finds the enrolled keys of a system, oldest first.
type Keys interface {
	SystemKeys(ctx context.Context, system string) ([]exchange.SystemKey, error)
}

// Register is this district's own licences.
type Register interface {
	ByIdentifier(ctx context.Context, identifier string) (licensing.Licence, bool, error)
	CheckFor(ctx context.Context, by licensing.Officer, file []byte, about []ledger.Field) (licensing.Checked, error)
}

// CertShare answers as a licence share service in the style of GB/T 36906. Every field is
// required.
type CertShare struct {
	World
	Keys     Keys
	Register Register

	tries tries
}

// Caller finds the system that an access id and its token prove.
func (s *CertShare) Caller(ctx context.Context, accessID, token, trace string) (*catalog.System, error) {
	system, err := s.proven(ctx, accessID, token)
	if err != nil {
		return nil, s.Path.AdmitFacade(ctx, exchange.Facade{Door: CertShareDoor}, trace, err)
	}
	return system, nil
}

func (s *CertShare) proven(ctx context.Context, accessID, token string) (*catalog.System, error) {
	system, known := s.Catalog().ByCertShare(accessID)
	if !known {
		return nil, s.prove(ctx, &s.tries, nil, nil)
	}
	return system, s.prove(ctx, &s.tries, system, [][2]string{{system.CertShare.AccessToken, token}})
}

func certShareFacade(system *catalog.System) exchange.Facade {
	return exchange.Facade{Door: CertShareDoor, System: system.ID, Operations: system.CertShare.Operations}
}

// recipient is the key to which what leaves is encrypted: the newest that is enrolled for
// the system. Without one nothing is asked for.
func (s *CertShare) recipient(ctx context.Context, system *catalog.System) (*sm.PublicKey, error) {
	enrolled, err := s.Keys.SystemKeys(ctx, system.ID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	for i := len(enrolled) - 1; i >= 0; i-- {
		key := enrolled[i]
		if !key.Revoked && !now.Before(key.From) && (key.Until.IsZero() || now.Before(key.Until)) {
			return key.Public, nil
		}
	}
	return nil, gateway.Fail(gateway.Forbidden, "recipient-key-missing", "No key of this system is enrolled to which the licence could be encrypted.")
}

// CertData is licences by the names of GB/T 36903, as JSON, encrypted to the caller: SM2,
// C1C3C2, in hexadecimal digits.
type CertData struct {
	Hex string
	handed
}

// sealed encrypts what was released of licences.
func (s *CertShare) sealed(key *sm.PublicKey, licences any, told handed) (CertData, error) {
	plain, err := json.Marshal(licences)
	if err == nil {
		plain, err = sm.Encrypt(key, plain, sm.C1C3C2)
	}
	if err != nil {
		told.Handed(err)
		return CertData{}, err
	}
	return CertData{Hex: hex.EncodeToString(plain), handed: told}, nil
}
