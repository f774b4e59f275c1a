package exchange

import (
	"context"

	"kapok/gateway"
	"kapok/gateway/predicate"
)

// guardTests refuses tests that look like a search for the value: many different ones
// over one field of one person.
func (s *Service) guardTests(ctx context.Context, u *use) error {
	if !u.tested {
		if err := s.bookTests(ctx, u); err != nil {
			return err
		}
		u.tested = true
	}
	if len(u.searched) == 0 {
		return nil
	}
	s.log.WarnContext(ctx, "tests that look like a search for a value were refused",
		"system", u.caller.System, "department", u.caller.Department, "item", u.item.Code, "trace", u.call.TraceID)
	failure := gateway.Fail(gateway.Forbidden, "predicate-probing",
		"对同一当事人同一信息项的不同判断过多,已拒绝并报数据管理部门。 Too many different tests of one field of one person; this is refused and reported to the data bureau.")
	failure.Fields = u.searched
	failure.Remedy = "重复已经提出过的判断,或取得允许查看(VIEW)的授权和使用依据。 Repeat a test that was put before, or obtain a grant and a basis for VIEW."
	return failure
}

// bookTests notes each test in the book, and the fields that are searched.
func (s *Service) bookTests(ctx context.Context, u *use) error {
	u.searched = nil
	for _, test := range u.ask.Tests {
		within, err := s.tests.TryTest(ctx, predicate.Try{
			Subject: u.resolved.SubjectRef, Department: u.caller.Department, Item: u.item.Code,
			Field: test.Field, CaseNo: u.ask.CaseNo, Test: test.Digest(), At: u.started,
		})
		if err != nil {
			return gateway.Fail(gateway.Unavailable, "store-unavailable", "What was tested before could not be looked up; try again.").Because(err)
		}
		if !within {
			u.searched = append(u.searched, test.Field)
		}
	}
	return nil
}
