package connectors

import (
	"context"
	"time"
)

// CopyNote says what an annotated copy (加注件) is for; it stands on the page and in
// the copy's metadata.
type CopyNote struct {
	Licence     string // as [Answer.Licence] names it
	For         string // the department that uses it, by its name
	ServiceItem string // 事项, by its name
	CaseNo      string // 办件编号
	Cause       string // the use, in plain words
	Made, Until time.Time
}

// Annotator is a source that can make a copy of a record to be kept with a case: a
// whole document, sealed.
type Annotator interface {
	Annotate(ctx context.Context, subjectRef string, note CopyNote) (document []byte, err error)
}
