package returns

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Encoding is how a delivery's text is written. Spreadsheets and JSON have their own
// and are UTF-8 whatever the manifest says of the others.
type Encoding string

// The encodings that are read.
const (
	UTF8    Encoding = "UTF-8"   // with or without a byte order mark
	GB18030 Encoding = "GB18030" // GB 18030-2005; GBK and GB 2312 are parts of it
)

// encodings make a decoder of one field, for one goroutine. A decoder reports false
// for bytes that are not of the encoding.
var encodings = map[Encoding]func() func(field string) (string, bool){
	UTF8: func() func(string) (string, bool) { return validUTF8 },
	GB18030: func() func(string) (string, bool) {
		decoder := simplifiedchinese.GB18030.NewDecoder()
		return func(field string) (string, bool) { return fromGB18030(decoder, field) }
	},
}

const replacement = "\uFFFD"

// validUTF8 refuses the replacement character too: it stands where somebody before us
// lost what was written.
func validUTF8(field string) (string, bool) {
	if ascii(field) {
		return field, true
	}
	return field, utf8.ValidString(field) && !strings.Contains(field, replacement)
}

func fromGB18030(decoder *encoding.Decoder, field string) (string, bool) {
	if ascii(field) {
		return field, true
	}
	text, err := decoder.String(field)
	return text, err == nil && !strings.Contains(text, replacement)
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
