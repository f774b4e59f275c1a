package exchange

import (
	"context"
	"encoding/hex"
	"time"

	"kapok/connectors"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// annotatedCopy is a copy for the case file: it says on its page and in its metadata
// for whom, which case, what use, until when.
type annotatedCopy struct {
	FileName  string `json:"file_name"`
	MediaType string `json:"media_type"`
	SM3       string `json:"sm3"`   // of the file, 64 hex digits
	Until     string `json:"until"` // RFC 3339: it may not be used after
	Content   []byte `json:"content"`
}

// copyMember is what the annotated copy is called among the released data.
const copyMember = "annotated_copy"

// annotate makes the copy that COPY of a licence releases: nobody has to print one.
// Other sources make none.
func (s *Service) annotate(ctx context.Context, u *use) (*annotatedCopy, error) {
	annotator, can := u.source.Connector.(connectors.Annotator)
	if !can || u.ask.Operation != gateway.Copy {
		return nil, nil
	}
	until := u.resolved.Basis.EraseAt
	document, err := annotator.Annotate(ctx, u.resolved.SubjectRef, connectors.CopyNote{
		Licence: u.answer.Licence, For: u.departmentName(), ServiceItem: u.serviceItemName(), CaseNo: u.ask.CaseNo,
		Cause: u.purposeLabel(), Made: s.now(), Until: until,
	})
	if err != nil {
		return nil, err
	}
	digest := sm.Sum(document)
	return &annotatedCopy{
		FileName: u.ref + ".ofd", MediaType: "application/ofd", SM3: hex.EncodeToString(digest[:]),
		Until: until.UTC().Format(time.RFC3339), Content: document,
	}, nil
}

func (u *use) departmentName() string {
	if found, known := u.live.Catalog.Department(u.caller.Department); known {
		return found.Name
	}
	return u.caller.Department
}

func (u *use) serviceItemName() string {
	if found, known := u.live.Catalog.ServiceItem(u.ask.ServiceItem); known {
		return found.Name
	}
	return u.ask.ServiceItem
}

func (u *use) purposeLabel() string {
	if found, known := u.live.Catalog.Purpose(u.ask.Purpose); known {
		return found.Label
	}
	return u.ask.Purpose
}
