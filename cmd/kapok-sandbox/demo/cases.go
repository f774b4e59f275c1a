package demo

import (
	"context"
	"errors"
	"fmt"

	"kapok/cmd/kapok-sandbox/casesystem"
	"kapok/cmd/kapok-sandbox/department"
)

// openCase has the department's case system open the case that the question is for.
func (s *show) openCase(ctx context.Context, system *department.System, asked question) error {
	if err := casesystem.New(system, asked.ServiceItem).Open(ctx, asked.CaseNo); err != nil {
		return err
	}
	s.page.step("办件系统", "the department's case system opens the case and tells Kapok of it")
	s.page.line("办件", "case", asked.CaseNo)
	return nil
}

// closeCase shows that data is for an open case only: not for one that the case system
// does not know, nor for one that it has closed.
func (s *show) closeCase(ctx context.Context, system *department.System, asked question) error {
	other := asked
	other.CaseNo += "-0"
	if code, err := s.refused(ctx, system, other); err != nil || code != "case-unknown" {
		return errors.Join(err, fmt.Errorf("a case that nobody opened: refused with %q", code))
	}
	if err := casesystem.New(system, asked.ServiceItem).Close(ctx, asked.CaseNo); err != nil {
		return err
	}
	if code, err := s.refused(ctx, system, asked); err != nil || code != "case-closed" {
		return errors.Join(err, fmt.Errorf("a closed case: refused with %q", code))
	}
	return nil
}

// unverified shows the bureau's list: uses in matters whose cases nobody tells of.
func (s *show) unverified(ctx context.Context) error {
	bureau, err := s.signIn(ctx, officer)
	if err != nil {
		return err
	}
	var listed struct {
		Uses []struct {
			Matter named  `json:"service_item"`
			Day    string `json:"day"`
			Uses   int    `json:"uses"`
		} `json:"uses"`
	}
	if err := bureau.get(ctx, "/v1/cases/unverified", &listed); err != nil {
		return err
	}
	if len(listed.Uses) == 0 {
		return errors.New("no use is listed as unverified, though a matter has no case system")
	}
	s.page.step("数据局看到的", "what the bureau sees: uses whose case nobody could confirm")
	for _, use := range listed.Uses {
		s.page.line(use.Day, "unverified", fmt.Sprintf("%s · %d", use.Matter, use.Uses))
	}
	return nil
}
