package ledger

import "time"

// Attachment is kept beside an entry and outside the tree, made durable by the same
// commit. The log does not read it: it is encrypted, and the entry commits to what
// it holds by a field of its caller's (FORMAT.md §9).
type Attachment struct {
	Owner  string    // whose key opens it, as the caller names keys
	Class  string    // of its retention
	Until  time.Time // it is kept until then
	Sealed []byte    // at most 256 KiB
}

const maxAttachment = 256 << 10

func (a Attachment) check() error {
	if a.Owner == "" || !textFits(a.Owner) || !wordFits(a.Class, "-") || a.Until.IsZero() {
		return malformed("an attachment has an owner, a class and an end")
	}
	if len(a.Sealed) == 0 || len(a.Sealed) > maxAttachment {
		return malformed("an attachment has 1 byte to 256 KiB")
	}
	return nil
}
