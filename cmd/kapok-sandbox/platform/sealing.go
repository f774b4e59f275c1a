package platform

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" //nolint:gosec // the protocol's own key rule
	"encoding/base64"
)

// sealer encrypts whole blocks in place.
type sealer func(block cipher.Block, padded []byte)

var sealers = map[string]sealer{
	"cbc": func(block cipher.Block, padded []byte) {
		cipher.NewCBCEncrypter(block, []byte("AESCBCPKCS5Paddi")).CryptBlocks(padded, padded)
	},
	"ecb": func(block cipher.Block, padded []byte) {
		for at := 0; at < len(padded); at += aes.BlockSize {
			block.Encrypt(padded[at:], padded[at:])
		}
	},
}

// sealSecret encrypts a secret for the owner of appKey, as Java's
// Cipher.getInstance("AES…") does under a key generated from a SHA1PRNG that was
// seeded with appKey.
func sealSecret(appKey, secret string, seal sealer) (string, error) {
	state := sha1.Sum([]byte(appKey)) //nolint:gosec // as above
	output := sha1.Sum(state[:])      //nolint:gosec // as above
	block, err := aes.NewCipher(output[:16])
	if err != nil {
		return "", err
	}
	fill := aes.BlockSize - len(secret)%aes.BlockSize
	padded := append([]byte(secret), bytes.Repeat([]byte{byte(fill)}, fill)...)
	seal(block, padded)
	return base64.StdEncoding.EncodeToString(padded), nil
}
