package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kapok/cmd/kapok-sandbox/casesystem"
	"kapok/deploy/examples"
)

// newSourceFile is what the file is called in the catalogue's edition.
const newSourceFile = "rest-source.yaml"

// newSource adds a REST source by one YAML file while the gateway runs: the next call is
// served by it. Then the file is taken out again, and the next call finds no such item.
func (s *show) newSource(ctx context.Context) error {
	about, err := firstCitizen()
	if err != nil {
		return err
	}
	one, other, err := s.officers(ctx)
	if err != nil {
		return err
	}
	today, err := one.inForce(ctx, "catalogue", newSourceFile)
	if err != nil {
		return err
	}
	asked := question{
		Item: disabilityItem, Fields: []string{"name", "level", "state"}, Operation: "VIEW",
		Subject: subject{IDType: "111", IDNumber: about.Number}, ServiceItem: assistanceMatter,
		CaseNo: "CL-" + s.run, OfficerRef: "officer-0001", Purpose: assistancePurpose,
	}
	if err := s.addSource(ctx, one, other, today); err != nil {
		return err
	}
	return errors.Join(s.useNewSource(ctx, one, asked), s.takeSourceOut(ctx, one, other, today, asked))
}

// addSource publishes the catalogue with the one file more.
func (s *show) addSource(ctx context.Context, one, other *person, today []namedText) error {
	files := append(slices.Clone(today), namedText{newSourceFile, examples.RestSource})
	var plan struct {
		Changes []struct{ Section, ID, What string } `json:"changes"`
	}
	if err := one.post(ctx, "/v1/catalog/plans", map[string]any{"files": files}, &plan); err != nil {
		return err
	}
	s.page.step("一个文件", "one file, deploy/examples/rest-source.yaml; what it changes is shown before anything is proposed")
	for _, c := range plan.Changes {
		s.page.line(map[string]string{"added": "新增", "changed": "改变", "removed": "删除"}[c.What], c.What, c.Section+" "+c.ID)
	}
	if err := publish(ctx, one, other, map[string]any{"kind": "catalogue", "files": files, "reason": "演示:新增一个 REST 数源"}); err != nil {
		return err
	}
	s.page.step("双人发布,不停机", "proposed by one, published by another; no node was restarted")
	return nil
}

// useNewSource: the very next call is answered by it.
func (s *show) useNewSource(ctx context.Context, bureau *person, asked question) error {
	var opened basis
	err := bureau.post(ctx, "/v1/bureau/bases", terms{
		Department: assistanceDepartment, System: assistanceSystem, Item: asked.Item, Fields: asked.Fields, Operation: asked.Operation,
		ServiceItem: asked.ServiceItem, Purpose: asked.Purpose, Provision: assistanceProvision, Expires: soon(),
	}, &opened)
	if err != nil {
		return err
	}
	asked.BasisID = opened.ID
	system, err := s.system(assistanceSystem)
	if err != nil {
		return err
	}
	if err := s.openCase(ctx, system, asked); err != nil {
		return err
	}
	released, err := s.used(ctx, system, asked, "第一次调用", "the first call is served by the new source")
	if err != nil {
		return err
	}
	for _, name := range asked.Fields {
		s.page.row(plain, []int{20}, name, fmt.Sprint(released.Data[name]))
	}
	return casesystem.New(system, asked.ServiceItem).Close(ctx, asked.CaseNo)
}

// takeSourceOut leaves the catalogue as it was, so that the next demonstration begins alike.
func (s *show) takeSourceOut(ctx context.Context, one, other *person, today []namedText, asked question) error {
	if err := publish(ctx, other, one, map[string]any{"kind": "catalogue", "files": today, "reason": "演示:恢复"}); err != nil {
		return err
	}
	system, err := s.system(assistanceSystem)
	if err != nil {
		return err
	}
	asked.BasisID = strings.Repeat("0", 32)
	if code, err := s.refused(ctx, system, asked); err != nil || code != "item-unknown" {
		return errors.Join(err, fmt.Errorf("without the source the call was refused with %q", code))
	}
	return nil
}
