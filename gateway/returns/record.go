package returns

import (
	"io"
)

// record is one row of a file, as it stands there.
type record struct {
	line   int64
	fields []string // in the order of the manifest's columns; valid until the next
	rule   string   // which rule the record as a whole breaks; "": none
}

// records reads a file from where it was left off.
type records interface {
	// next reads the next record; io.EOF at the end. What is wrong with one record is
	// said in it, and the next one can be read; an error ends the file.
	next(*record) error
	// place is where the record after the last one begins.
	place() (Place, error)
	// digest is the SM3 of the whole file, once next has said io.EOF.
	digest() []byte
}

// layouts are the ways in which files are written, by their names in manifests.
var layouts = map[string]func(file io.Reader, m Manifest, at Place) (records, error){
	"csv":   newCSV,
	"table": newCSV, // what a database's COPY … TO STDOUT (FORMAT csv, HEADER) writes
	"jsonl": newJSONLines,
	"xlsx":  newWorkbook,
}
