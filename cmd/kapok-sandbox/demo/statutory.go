package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kapok/cmd/kapok-sandbox/people"
)

// statutory plays the first part: the bureau records the duty laid down by law,
// and a department uses it for one case.
func (s *show) statutory(ctx context.Context) error {
	basis, err := s.openStatutory(ctx)
	if err != nil {
		return err
	}
	about, err := firstCitizen()
	if err != nil {
		return err
	}
	asked := question{
		Item: householdItem, Fields: householdFields(), Operation: "VIEW",
		Subject: subject{IDType: "111", IDNumber: about.Number}, ServiceItem: assistanceMatter,
		CaseNo: "DB-" + s.run, OfficerRef: "officer-0001", Purpose: assistancePurpose, BasisID: basis.ID,
	}
	s.page.step("请求", "the request, signed with SM2 by the department's system")
	s.page.line("系统", "system", assistanceSystem)
	s.page.block(pretty(asked))
	system, err := s.system(assistanceSystem)
	if err != nil {
		return err
	}
	if err := s.openCase(ctx, system, asked); err != nil {
		return err
	}
	answer, err := system.Post(ctx, "/v1/exchanges", asked)
	if err != nil {
		return err
	}
	released, err := readRelease(answer)
	if err != nil {
		return err
	}
	s.decision(released)
	if err := s.fields(ctx, asked, released); err != nil {
		return err
	}
	receipt, err := answer.Receipt()
	if err != nil {
		return err
	}
	if err := s.receipt(ctx, receipt); err != nil {
		return err
	}
	if err := s.citizenSees(ctx, released.ExchangeID); err != nil {
		return err
	}
	return s.closeCase(ctx, system, asked)
}

// firstCitizen is whom the demonstration is about.
func firstCitizen() (people.Person, error) {
	register, err := people.NewRegister(0)
	return register.At(0), err
}

func (s *show) openStatutory(ctx context.Context) (basis, error) {
	bureau, err := s.signIn(ctx, officer)
	if err != nil {
		return basis{}, err
	}
	var opened basis
	err = bureau.post(ctx, "/v1/bureau/bases", terms{
		Department: assistanceDepartment, System: assistanceSystem, Item: householdItem, Fields: householdFields(),
		Operation: "VIEW", ServiceItem: assistanceMatter, Purpose: assistancePurpose,
		Provision: assistanceProvision, Expires: soon(),
	}, &opened)
	if err != nil {
		return basis{}, err
	}
	if opened.Kind != "STATUTORY" || opened.State != "ACTIVE" || opened.ID == "" {
		return basis{}, fmt.Errorf("the statutory basis was opened as %s, %s", opened.Kind, opened.State)
	}
	s.page.step("法定依据", "the bureau records the statutory basis")
	s.page.line("依据", "legal basis", opened.Provision.Law+" "+opened.Provision.Article)
	s.basis(opened)
	return opened, nil
}

// basis prints whom a basis allows what.
func (s *show) basis(b basis) {
	s.page.line("给谁", "to", b.Department.String()+" · "+b.System.String())
	s.page.line("数据", "data item", b.Item.String())
	s.page.line("事项", "matter", b.ServiceItem.String())
	s.page.line("编号", "basis", b.ID)
}

// soon is when what the demonstration opens ends by itself.
func soon() time.Time { return time.Now().Add(24 * time.Hour).UTC().Truncate(time.Millisecond) }

// decision prints who decided what and why.
func (s *show) decision(released release) {
	s.page.step("决定", "the decision, with its reasons")
	s.page.marked(green, "结果", "effect", "允许 allow")
	for i, reason := range released.Decision.Reasons {
		if i == 0 {
			s.page.line("理由", "reason", reason.Zh)
		} else {
			s.page.more(plain, reason.Zh)
		}
		s.page.more(dim, strings.TrimSpace(reason.En+"  ["+reason.Policy+"]"))
	}
	for _, obligation := range released.Decision.Obligations {
		s.page.line("义务", "obligation", obligation)
	}
	s.page.line("策略集", "policy set", released.Decision.PolicySet)
}

// fields prints what was returned against what the source holds.
func (s *show) fields(ctx context.Context, asked question, released release) error {
	var described item
	if err := (&person{kapok: s.kapok, client: plainClient()}).get(ctx, "/v1/catalog/items/"+asked.Item, &described); err != nil {
		return err
	}
	if len(released.Data) != len(asked.Fields) || released.Source.Held <= len(released.Data) {
		return fmt.Errorf("%d fields were returned for %d asked, the source holds %d", len(released.Data), len(asked.Fields), released.Source.Held)
	}
	s.page.step("最小化", "fields returned against fields held by the source")
	s.page.line("数源", "source", described.Provider.String()+" · "+described.Name)
	s.page.line("数据时点", "as of", released.Source.AsOf)
	s.page.line("返回/持有", "returned of held", fmt.Sprintf("%d / %d", len(released.Data), released.Source.Held))
	for _, field := range described.Fields {
		value, returned := released.Data[field.Name]
		code, mark := plain, fmt.Sprint("✓ ", value)
		if !returned {
			code, mark = dim, "– 未返回 kept back"
		}
		s.page.row(code, []int{20, 20}, field.Label, field.Name, mark)
	}
	return nil
}

// citizenSees shows the access as the citizen finds it.
func (s *show) citizenSees(ctx context.Context, exchange string) error {
	p, err := s.signIn(ctx, citizen)
	if err != nil {
		return err
	}
	seen, err := p.access(ctx, func(a access) bool { return a.released(exchange) })
	if err != nil {
		return err
	}
	s.page.step("居民看到的", "what the citizen sees: names of fields, never values")
	s.seen(seen)
	return nil
}

// access finds an entry among the newest of the citizen's own.
func (p *person) access(ctx context.Context, wanted func(access) bool) (access, error) {
	var found accessPage
	if err := p.get(ctx, "/v1/me/accesses?limit=50", &found); err != nil {
		return access{}, err
	}
	for _, candidate := range found.Accesses {
		if wanted(candidate) {
			return candidate, nil
		}
	}
	return access{}, errors.New("the access does not stand among the citizen's own")
}

func (s *show) seen(a access) {
	s.page.line("时间", "time", a.At.Local().Format(time.DateTime))
	s.page.line("部门", "department", a.Department.String()+" · "+a.System.String())
	s.page.line("数据", "data item", a.Item.String()+" · "+a.Operation)
	s.page.line("事项", "matter", a.ServiceItem.String()+" · "+a.CaseNo)
	s.page.line("申请的信息项", "asked for", labels(a.Asked))
	if a.Kind == "refusal" {
		s.page.marked(red, "结果", "outcome", "已拒绝 refused · "+a.Code)
	} else {
		s.page.line("返回的信息项", "returned", labels(a.Returned))
		s.page.line("依据", "basis", strings.TrimSpace(a.BasisKind+" "+a.Provision))
		s.page.marked(green, "结果", "outcome", "已放行 "+a.Result)
	}
	s.page.line("存证", "ledger entry", fmt.Sprintf("%s #%d", a.Origin, a.Index))
}

func labels(fields []field) string {
	var names []string
	for _, field := range fields {
		if field.Label == "" {
			field.Label = field.Name
		}
		names = append(names, field.Label)
	}
	return strings.Join(names, "、")
}
