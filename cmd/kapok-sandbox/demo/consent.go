package demo

import (
	"context"
	"errors"
	"fmt"

	"kapok/cmd/kapok-sandbox/department"
)

// consent plays the second part.
func (s *show) consent(ctx context.Context) error {
	p, err := s.signIn(ctx, citizen)
	if err != nil {
		return err
	}
	about, system, err := s.subsidyAbout()
	if err != nil {
		return err
	}
	asked := question{
		Item: allowanceItem, Fields: allowanceFields(), Operation: "VIEW",
		Subject: subject{IDType: "111", IDNumber: about.Number}, ServiceItem: subsidyMatter,
		CaseNo: "BT-" + s.run, OfficerRef: "officer-0002", Purpose: subsidyPurpose,
	}
	given, err := s.grant(ctx, p, asked)
	if err != nil {
		return err
	}
	asked.BasisID = given.ID
	if err := s.useConsent(ctx, system, asked); err != nil {
		return err
	}
	if err := s.withdraw(ctx, p, given); err != nil {
		return err
	}
	code, err := s.refused(ctx, system, asked)
	if err != nil {
		return err
	}
	seen, err := p.access(ctx, func(a access) bool { return a.refused(given.ID, code) })
	if err != nil {
		return fmt.Errorf("the refusal: %w", err)
	}
	s.page.step("居民也看到拒绝", "the citizen sees the refusal too")
	s.seen(seen)
	return nil
}

// grant reads the notice and gives the consent that it describes.
func (s *show) grant(ctx context.Context, p *person, asked question) (basis, error) {
	wanted := terms{
		Department: subsidyDepartment, System: subsidySystem, Item: asked.Item, Fields: asked.Fields,
		Operation: asked.Operation, ServiceItem: asked.ServiceItem, Purpose: asked.Purpose, CaseNo: asked.CaseNo,
		Expires: soon(),
	}
	var told notice
	if err := p.post(ctx, "/v1/me/bases/notice", wanted, &told); err != nil {
		return basis{}, err
	}
	s.page.step("告知", "the citizen signs in and reads the notice")
	s.page.block(told.Text)
	wanted.NoticeSM3 = told.SM3
	var given basis
	if err := p.post(ctx, "/v1/me/bases", wanted, &given); err != nil {
		return basis{}, err
	}
	if given.Kind != "CONSENT" || given.State != "ACTIVE" || given.ID == "" {
		return basis{}, fmt.Errorf("the consent was given as %s, %s", given.Kind, given.State)
	}
	s.page.step("授权", "and consents: one department, one item, one matter")
	s.basis(given)
	return given, nil
}

// used makes a call that is to be allowed, and shows under its title how little came back.
func (s *show) used(ctx context.Context, system *department.System, asked question, zh, en string) (release, error) {
	answer, err := system.Post(ctx, "/v1/exchanges", asked)
	if err != nil {
		return release{}, err
	}
	released, err := readRelease(answer)
	if err != nil {
		return release{}, err
	}
	s.page.step(zh, en)
	s.page.marked(green, "结果", "effect", "允许 allow")
	s.page.line("返回/持有", "returned of held", fmt.Sprintf("%d / %d", len(released.Data), released.Source.Held))
	return released, nil
}

func (s *show) useConsent(ctx context.Context, system *department.System, asked question) error {
	released, err := s.used(ctx, system, asked, "使用", "the department uses it")
	if err != nil {
		return err
	}
	for _, name := range asked.Fields {
		s.page.row(plain, []int{20}, name, fmt.Sprint(released.Data[name]))
	}
	return nil
}

func (s *show) withdraw(ctx context.Context, p *person, given basis) error {
	if err := p.post(ctx, "/v1/me/bases/"+given.ID+"/withdraw", nil, nil); err != nil {
		return err
	}
	var held basisList
	if err := p.get(ctx, "/v1/me/bases", &held); err != nil {
		return err
	}
	for _, one := range held.Bases {
		if one.ID == given.ID && one.State == "WITHDRAWN" {
			s.page.step("撤回", "the citizen withdraws")
			s.page.line("状态", "state", one.State)
			return nil
		}
	}
	return errors.New("the consent is not shown as withdrawn")
}

// refused makes the very next call and returns the code it is refused with.
func (s *show) refused(ctx context.Context, system *department.System, asked question) (string, error) {
	answer, err := system.Post(ctx, "/v1/exchanges", asked)
	if err != nil {
		return "", err
	}
	if answer.OK() {
		return "", errors.New("data was released where it had to be refused")
	}
	problem := answer.Problem()
	if problem.Status < 400 || problem.Status >= 500 || problem.Code == "" {
		return "", fmt.Errorf("the call was not refused but answered %s", problem)
	}
	s.page.step("紧接着的调用被拒绝", "the very next call is refused")
	s.page.marked(red, "结果", "effect", fmt.Sprintf("拒绝 refused · %d %s", problem.Status, problem.Code))
	s.page.line("原因", "reason", problem.Detail)
	if problem.Remedy != "" {
		s.page.line("怎样才可以", "remedy", problem.Remedy)
	}
	return problem.Code, nil
}
