package ledger

// PartSize is the length of a part's name in bytes.
const PartSize = 16

// Aside is kept beside an entry for counting, made durable by the same commit. The log
// does not read it; it proves nothing.
type Aside struct {
	Record []byte
	Parts  []Part // what the record names, each to be stored once for an origin
}

// Part is a text that many asides share.
type Part struct {
	Digest [PartSize]byte
	Text   []byte
}

const maxAside = 1 << 10

func (n Aside) check() error {
	if len(n.Record) == 0 || len(n.Record) > maxAside || len(n.Parts) > maxStops {
		return malformed("an aside has 1 byte to 1 KiB and at most 64 parts")
	}
	return nil
}
