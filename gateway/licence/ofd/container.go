package ofd

import (
	"archive/zip"
	"cmp"
	"errors"
	"hash"
	"io"
	"slices"
	"sync"

	"kapok/crypto/sm"
)

// Container is an open OFD file. Its directory has been read and checked; its files are
// read when they are asked for. It is safe for concurrent use when its reader is.
type Container struct {
	Oddities []string // what breaks the standard and was read all the same

	limits Limits
	files  []*zip.File // in the order of the directory, folders left out
	names  []string    // theirs, without the leading slash
	byName map[string]*zip.File
}

// Open reads the directory of a container of size bytes. A container that two readers
// could read differently, or that would cost more than limits allow, is refused:
// [ErrContainer], [ErrLimit] or [ErrPath].
func Open(r io.ReaderAt, size int64, limits Limits) (*Container, error) {
	c := &Container{limits: limits.complete(), byName: map[string]*zip.File{}}
	guarded := &directoryReader{from: r, left: c.limits.DirectoryBytes}
	directory, err := zip.NewReader(guarded, size)
	if guarded.exceeded {
		return nil, refuse(ErrLimit, "the directory is longer than %d bytes", c.limits.DirectoryBytes)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, refuse(ErrContainer, "it is not a ZIP file: %s", err)
	}
	guarded.open()
	for _, file := range directory.File {
		if err := c.add(file); err != nil {
			return nil, err
		}
	}
	if err := c.checkSizes(size); err != nil {
		return nil, err
	}
	return c, c.checkOverlap()
}

// directoryReader lets the ZIP library read only so much before it has the directory:
// the library believes the lengths that stand in the file.
type directoryReader struct {
	from     io.ReaderAt
	left     int64
	exceeded bool
	opened   bool
}

func (d *directoryReader) open() { d.opened = true }

func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := d.from.ReadAt(p, off)
	if d.opened {
		return n, err
	}
	if d.left -= int64(n); d.left < 0 {
		d.exceeded = true
		return 0, ErrLimit
	}
	return n, err
}

const encrypted = 1 // bit 0 of the ZIP's flags

func (c *Container) add(file *zip.File) error {
	name, odd, err := entryName(file.Name)
	if err != nil {
		return err
	}
	if odd != "" {
		c.odd(odd)
	}
	if file.FileInfo().IsDir() || name == "." {
		return nil
	}
	if len(c.files) == c.limits.Entries {
		return refuse(ErrLimit, "there are more than %d files", c.limits.Entries)
	}
	if _, twice := c.byName[name]; twice {
		return refuse(ErrContainer, "the file /%s stands there twice, and readers differ in which they take", name)
	}
	if file.Flags&encrypted != 0 || file.Method != zip.Store && file.Method != zip.Deflate {
		return refuse(ErrContainer, "the file /%s is encrypted or packed in an unknown way", name)
	}
	c.byName[name] = file
	c.files, c.names = append(c.files, file), append(c.names, name)
	return nil
}

func (c *Container) odd(what string) {
	if !slices.Contains(c.Oddities, what) {
		c.Oddities = append(c.Oddities, what)
	}
}

// checkSizes believes the directory's sizes: reading stops where a file is longer.
func (c *Container) checkSizes(size int64) error {
	total := int64(0)
	allowed := min(c.limits.TotalBytes, freeExpansion+size*c.limits.Expansion)
	for i, file := range c.files {
		if file.UncompressedSize64 > uint64(c.limits.EntryBytes) {
			return refuse(ErrLimit, "the file /%s is longer than %d bytes", c.names[i], c.limits.EntryBytes)
		}
		if total += int64(file.UncompressedSize64); total > allowed {
			return refuse(ErrLimit, "unpacked, the files are longer than the %d bytes that a container of this size may have", allowed)
		}
	}
	return nil
}

// checkOverlap refuses files that share their bytes, as bombs do.
func (c *Container) checkOverlap() error {
	type extent struct{ start, end int64 }
	extents := make([]extent, len(c.files))
	for i, file := range c.files {
		start, err := file.DataOffset()
		if err != nil {
			return refuse(ErrContainer, "the file /%s has no readable header", c.names[i])
		}
		extents[i] = extent{start, start + int64(file.CompressedSize64)}
	}
	slices.SortFunc(extents, func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	for i := 1; i < len(extents); i++ {
		if extents[i].start < extents[i-1].end {
			return refuse(ErrContainer, "two files overlap")
		}
	}
	return nil
}

// Names lists the files in the directory's order, without leading slash. Read only.
func (c *Container) Names() []string { return c.names }

// Has reports whether there is such a file.
func (c *Container) Has(name string) bool { return c.byName[name] != nil }

// Size is the length of a file, unpacked, in bytes; 0 when there is none.
func (c *Container) Size(name string) int64 {
	if file := c.byName[name]; file != nil {
		return int64(file.UncompressedSize64)
	}
	return 0
}

// Open opens a file for reading. It ends with an error where the file is longer than
// the directory says or its checksum is wrong.
func (c *Container) Open(name string) (io.ReadCloser, error) {
	file := c.byName[name]
	if file == nil {
		return nil, refuse(ErrMissing, "/%s", name)
	}
	reader, err := file.Open()
	if err != nil {
		return nil, refuse(ErrContainer, "the file /%s: %s", name, err)
	}
	return reader, nil
}

// Read returns a whole file of at most [Limits.XMLBytes].
func (c *Container) Read(name string) ([]byte, error) {
	if size := c.Size(name); size > c.limits.XMLBytes {
		return nil, refuse(ErrLimit, "the file /%s is longer than the %d bytes that are held in memory", name, c.limits.XMLBytes)
	}
	reader, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	contents := make([]byte, c.Size(name))
	if _, err := io.ReadFull(reader, contents); err != nil {
		return nil, refuse(ErrContainer, "the file /%s cannot be unpacked", name)
	}
	if n, err := reader.Read(make([]byte, 1)); n != 0 || err != io.EOF { // the checksum is told with the end
		return nil, refuse(ErrContainer, "the file /%s cannot be unpacked", name)
	}
	return contents, nil
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// Hash returns the SM3 of a file, read in pieces of 32 KiB.
func (c *Container) Hash(name string) ([sm.Size]byte, error) { return c.hash(name, sm.NewHash()) }

// SecondHash returns the same by the second library.
func (c *Container) SecondHash(name string) ([sm.Size]byte, error) {
	return c.hash(name, sm.NewSecondHash())
}

func (c *Container) hash(name string, hash hash.Hash) ([sm.Size]byte, error) {
	reader, err := c.Open(name)
	if err != nil {
		return [sm.Size]byte{}, err
	}
	defer reader.Close()
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	if _, err := io.CopyBuffer(writerOnly{hash}, readerOnly{reader}, buffer[:]); err != nil {
		return [sm.Size]byte{}, refuse(ErrContainer, "the file /%s cannot be unpacked", name)
	}
	return [sm.Size]byte(hash.Sum(nil)), nil
}

// writerOnly and readerOnly keep io.CopyBuffer to the buffer it was given.
type writerOnly struct{ io.Writer }

type readerOnly struct{ io.Reader }
