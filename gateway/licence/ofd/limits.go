package ofd

// Limits bounds what reading a document may cost. Zero values are replaced by the
// defaults, which no licence comes near.
type Limits struct {
	DirectoryBytes int64 // of the ZIP's directory, bytes; default 4 MiB
	Entries        int   // files in the container; default 20,000
	EntryBytes     int64 // of one file, uncompressed, bytes; default 512 MiB
	TotalBytes     int64 // of all files, uncompressed, bytes; default 1 GiB
	Expansion      int64 // all files, uncompressed, against the container's size, as a factor; default 100, beyond a free 64 MiB
	XMLBytes       int64 // of one XML file or signature that is held in memory, bytes; default 16 MiB
	Elements       int   // of one XML file; default 400,000
	Depth          int   // of one XML file; default 64
	References     int   // of one signature; default 20,000
	Signatures     int   // of one document; default 64
	Documents      int   // of one container; default 16
}

const freeExpansion = 64 << 20

func (l Limits) complete() Limits {
	l.DirectoryBytes = positive(l.DirectoryBytes, 4<<20)
	l.Entries = positive(l.Entries, 20_000)
	l.EntryBytes = positive(l.EntryBytes, 512<<20)
	l.TotalBytes = positive(l.TotalBytes, 1<<30)
	l.Expansion = positive(l.Expansion, 100)
	l.XMLBytes = positive(l.XMLBytes, 16<<20)
	l.Elements = positive(l.Elements, 400_000)
	l.Depth = positive(l.Depth, 64)
	l.References = positive(l.References, 20_000)
	l.Signatures = positive(l.Signatures, 64)
	l.Documents = positive(l.Documents, 16)
	return l
}

func positive[N int | int64](value, otherwise N) N {
	if value > 0 {
		return value
	}
	return otherwise
}
