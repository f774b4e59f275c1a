package jose

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/sm"
)

// SignDetached signs a document that travels beside its signature: a compact JWS
// whose middle part is left empty (RFC 7515, appendix F). typ says what kind of
// document it is and kid which key signs.
func SignDetached(ctx context.Context, document []byte, typ, kid string, signer sm.Signer) (string, error) {
	header, err := json.Marshal(map[string]any{"alg": Algorithm, "typ": typ, "kid": kid})
	if err != nil {
		return "", err
	}
	head := base64.RawURLEncoding.EncodeToString(header)
	signature, err := signer.Sign(ctx, signingInput(head, document), sm.Raw)
	if err != nil {
		return "", err
	}
	return head + ".." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// VerifyDetached verifies what [SignDetached] made, under the rules of [Parse], and
// returns the kid. The error is a *gateway.Error, as Parse has them.
func VerifyDetached(document []byte, signed, typ string, v *sm.Verifier, caller string, key func(kid string) (*sm.PublicKey, error)) (kid string, err error) {
	kid, err = verifyDetached(document, signed, typ, v, caller, key)
	if err != nil {
		return "", refuse(err)
	}
	return kid, nil
}

func verifyDetached(document []byte, signed, typ string, v *sm.Verifier, caller string, key func(kid string) (*sm.PublicKey, error)) (string, error) {
	parts := strings.Split(signed, ".")
	if len(signed) > maxToken || strings.ContainsFunc(signed, notCompact) || len(parts) != 3 || parts[1] != "" {
		return "", jwt.ErrTokenMalformed
	}
	kid, err := detachedHeader(parts[0], typ)
	if err != nil {
		return "", err
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return "", jwt.ErrTokenMalformed
	}
	public, err := key(kid)
	if err != nil {
		return "", errors.Join(jwt.ErrTokenUnverifiable, err)
	}
	if err := v.Verify(caller, public, signingInput(parts[0], document), signature, sm.Raw); err != nil {
		if errors.Is(err, sm.ErrUndecided) {
			return "", err
		}
		return "", errors.Join(jwt.ErrTokenSignatureInvalid, err)
	}
	return kid, nil
}

func detachedHeader(encoded, typ string) (kid string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", jwt.ErrTokenMalformed
	}
	var header map[string]any
	if err := json.Unmarshal(raw, &header); err != nil {
		return "", jwt.ErrTokenMalformed
	}
	if header["alg"] != Algorithm || header["typ"] != typ {
		return "", jwt.ErrTokenUnverifiable
	}
	return checkHeader(header)
}

func signingInput(head string, document []byte) []byte {
	input := make([]byte, 0, len(head)+1+base64.RawURLEncoding.EncodedLen(len(document)))
	input = append(append(input, head...), '.')
	return base64.RawURLEncoding.AppendEncode(input, document)
}
