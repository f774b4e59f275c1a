package sm

// Domain names a kind of thing that Kapok signs, with a version, such as
// "kapok/checkpoint/v1". Bytes signed in one domain verify in no other.
type Domain string

// domainMark begins every domain-separated message. Its first byte begins
// neither DER, JSON, base64url nor an HTTP signature base, so what is signed in
// a domain can be read as none of the other things that SM2 keys sign.
const domainMark = "\xffKAPOK\x00"

// maxDomain is the longest name whose length fits the one byte given to it.
const maxDomain = 255

// Message returns the bytes to sign or verify for msg in the domain: the mark,
// the name's length in one byte, the name, msg. The length keeps a name and a
// message from being cut at another place. Names are constants of the program;
// one that is empty or longer than 255 bytes is a mistake in it, and panics.
func (d Domain) Message(msg []byte) []byte {
	if len(d) == 0 || len(d) > maxDomain {
		panic("sm: a domain's name has 1 to 255 bytes")
	}
	separated := make([]byte, 0, len(domainMark)+1+len(d)+len(msg))
	separated = append(separated, domainMark...)
	separated = append(separated, byte(len(d)))
	separated = append(separated, d...)
	return append(separated, msg...)
}
