package engine

import (
	"encoding/base64"
	"encoding/pem"
	"strings"

	"kapok/crypto/pki"
)

func requestPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func certificatesPEM(ders ...[]byte) string { return string(pki.PEM(ders...)) }

func listPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
}

// requestDER reads a request as PEM or as base64 of DER.
func requestDER(text string) ([]byte, error) {
	if strings.Contains(text, "-----BEGIN") {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil, refuse("csr is not PEM")
		}
		return block.Bytes, nil
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, refuse("csr is neither PEM nor base64")
	}
	return der, nil
}

// certificatesDER reads a chain of PEM certificates.
func certificatesDER(text string) ([]*pki.Certificate, error) {
	var chain []*pki.Certificate
	for _, der := range pki.FromPEM([]byte(text)) {
		certificate, err := pki.Parse(der)
		if err != nil {
			return nil, refuse("a certificate of the chain cannot be read")
		}
		chain = append(chain, certificate)
	}
	if len(chain) == 0 {
		return nil, refuse("there is no PEM certificate")
	}
	return chain, nil
}
