// Package casesystem plays a department's case system (办件系统): it opens and closes the
// cases of one matter and tells Kapok of each by the API, in calls that the department's
// own system signs. Kapok then holds each use in that matter against the cases told.
//
// It knows Kapok's API and nothing of its code.
package casesystem

import (
	"context"
	"fmt"
	"net/http"

	"kapok/cmd/kapok-sandbox/department"
)

// System is the case system of one matter.
type System struct {
	line   *department.System
	matter string // the service item's code
}

// New makes the case system of a matter that tells Kapok by the line of a department's
// system.
func New(line *department.System, matter string) *System { return &System{line, matter} }

type told struct {
	Matter string `json:"service_item"`
	Number string `json:"case_no"`
	Closed bool   `json:"closed"`
}

// Open opens a case.
func (s *System) Open(ctx context.Context, number string) error { return s.tell(ctx, number, false) }

// Close closes it; a closed case never opens again.
func (s *System) Close(ctx context.Context, number string) error { return s.tell(ctx, number, true) }

func (s *System) tell(ctx context.Context, number string, closed bool) error {
	answer, err := s.line.Post(ctx, "/v1/cases", told{s.matter, number, closed})
	if err != nil {
		return err
	}
	if answer.Status != http.StatusNoContent {
		return fmt.Errorf("Kapok did not take the case: %s", answer.Problem())
	}
	return nil
}
