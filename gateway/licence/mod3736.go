package licence

import "strings"

// checkAlphabet gives each character its value by its place, 0 to 35 (ISO 7064, 5.4).
const checkAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// checkCharacter is the ISO 7064 MOD 37,36 check character of text (GB/T 17710, by
// which GB/T 36904-2018 checks). It reports false for a text with a character outside
// of 0-9 and A-Z.
func checkCharacter(text string) (byte, bool) {
	product := 36
	for i := range len(text) {
		value := strings.IndexByte(checkAlphabet, text[i])
		if value < 0 {
			return 0, false
		}
		product = (product + value) % 36
		if product == 0 {
			product = 36
		}
		product = product * 2 % 37
	}
	return checkAlphabet[(37-product)%36], true
}
