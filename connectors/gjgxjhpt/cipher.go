package gjgxjhpt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" //nolint:gosec // the protocol's own key rule; no security rests on SHA-1 here
	"encoding/base64"
	"errors"
)

// mode decrypts whole blocks in place. Platforms run one of two.
type mode func(block cipher.Block, data []byte)

// modes are the values of the setting cipher: "cbc" is Java's
// AES/CBC/PKCS5Padding with the platform's fixed IV, "ecb" is Java's plain "AES".
var modes = map[string]mode{"cbc": decryptCBC, "ecb": decryptECB}

// iv is fixed by the platform, for all secrets of all consumers.
const iv = "AESCBCPKCS5Paddi"

func decryptCBC(block cipher.Block, data []byte) {
	cipher.NewCBCDecrypter(block, []byte(iv)).CryptBlocks(data, data)
}

func decryptECB(block cipher.Block, data []byte) {
	for ; len(data) > 0; data = data[aes.BlockSize:] {
		block.Decrypt(data, data)
	}
}

// aesKey is what Java's KeyGenerator.getInstance("AES") gives for a SHA1PRNG
// seeded with appKey: the first 16 bytes of SHA1(SHA1(appKey)).
func aesKey(appKey string) []byte {
	seed := sha1.Sum([]byte(appKey)) //nolint:gosec // as above
	key := sha1.Sum(seed[:])         //nolint:gosec // as above
	return key[:aes.BlockSize]
}

var (
	errNotBlocks = errors.New("not base64 of whole AES blocks")
	errPadding   = errors.New("the padding is not PKCS #5")
)

// openSecret decrypts the secret as the key exchange sends it.
func openSecret(appKey, sealed string, decrypt mode) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errNotBlocks
	}
	block, err := aes.NewCipher(aesKey(appKey))
	if err != nil {
		return nil, err
	}
	decrypt(block, data)
	return unpad(data)
}

// unpad removes PKCS #5 padding and refuses anything else, an empty secret included.
func unpad(data []byte) ([]byte, error) {
	count := int(data[len(data)-1])
	if count == 0 || count > aes.BlockSize || count >= len(data) {
		return nil, errPadding
	}
	rest := len(data) - count
	for _, b := range data[rest:] {
		if int(b) != count {
			return nil, errPadding
		}
	}
	return data[:rest], nil
}
