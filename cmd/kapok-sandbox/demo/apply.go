package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"kapok/cmd/kapok-sandbox/people"
)

// The documents of an application, as far as the demonstration reads them.

type application struct {
	System         string     `json:"system"`
	Item           string     `json:"item"`
	ItemVersion    int        `json:"item_version"`
	LegalProvision string     `json:"legal_provision,omitempty"`
	Scene          string     `json:"scene,omitempty"`
	Scope          string     `json:"scope,omitempty"`
	Method         string     `json:"method,omitempty"`
	Expires        *time.Time `json:"expires,omitempty"`
	Fields         []string   `json:"fields,omitempty"`
	Operations     []string   `json:"operations,omitempty"`
	ServiceItems   []string   `json:"service_items,omitempty"`
	Purposes       []string   `json:"purposes,omitempty"`
	RatePerSecond  int        `json:"rate_per_second,omitempty"`
	DailyQuota     int        `json:"daily_quota,omitempty"`
}

type matter struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Missing []struct {
		Part string `json:"part"`
		Zh   string `json:"zh"`
		En   string `json:"en"`
	} `json:"missing"`
	Clocks []struct {
		Name  string    `json:"name"`
		Law   string    `json:"law"`
		Days  int       `json:"days"`
		Due   time.Time `json:"due"`
		State string    `json:"state"`
		Late  bool      `json:"late"`
	} `json:"clocks"`
	Events []struct {
		Event string `json:"event"`
		Side  string `json:"side"`
	} `json:"events"`
}

type act struct {
	Event       string       `json:"event"`
	ReasonCode  string       `json:"reason_code,omitempty"`
	Reason      string       `json:"reason,omitempty"`
	Application *application `json:"application,omitempty"`
}

// apply plays a department that is refused for want of a grant and follows what the
// refusal says, until the same call succeeds.
func (s *show) apply(ctx context.Context) error {
	about, system, err := s.subsidyAbout()
	if err != nil {
		return err
	}
	asked := s.insuranceOf(about, "CB-"+s.run)
	held, err := s.hasGrant(ctx)
	if err != nil {
		return err
	}
	if held {
		s.page.note("上一次演示已取得该授权;从使用开始。", "The grant came about in an earlier run; it is used from here on.")
	} else {
		if code, err := s.refused(ctx, system, asked); err != nil || code != "grant-missing" {
			return errors.Join(err, fmt.Errorf("refused with %q, not for want of a grant", code))
		}
		if err := s.comeByGrant(ctx, asked); err != nil {
			return err
		}
	}
	if asked.BasisID, err = s.openSubsidyBasis(ctx, asked); err != nil {
		return err
	}
	if _, err = s.used(ctx, system, asked, "再次请求", "the same call again"); err != nil {
		return err
	}
	return s.unverified(ctx)
}

// insuranceOf is the question of the subsidy's department about somebody's insurance.
func (s *show) insuranceOf(about people.Person, caseNo string) question {
	return question{
		Item: insuranceItem, Fields: []string{"name", "insured_state", "insured_kind"}, Operation: "VIEW",
		Subject: subject{IDType: "111", IDNumber: about.Number}, ServiceItem: subsidyMatter,
		CaseNo: caseNo, OfficerRef: "officer-0003", Purpose: subsidyPurpose,
	}
}

func (s *show) hasGrant(ctx context.Context) (bool, error) {
	p, err := s.signIn(ctx, applicant)
	if err != nil {
		return false, err
	}
	var page struct {
		Grants []struct {
			State string `json:"state"`
			Terms struct {
				System string `json:"system"`
				Item   string `json:"item"`
			} `json:"terms"`
		} `json:"grants"`
	}
	if err := p.get(ctx, "/v1/grants?limit=100", &page); err != nil {
		return false, err
	}
	for _, g := range page.Grants {
		if g.State == "ACTIVE" && g.Terms.System == subsidySystem && g.Terms.Item == insuranceItem {
			return true, nil
		}
	}
	return false, nil
}

// comeByGrant applies, completes what is missing, waits, and has it approved.
func (s *show) comeByGrant(ctx context.Context, asked question) error {
	consumer, err := s.signIn(ctx, applicant)
	if err != nil {
		return err
	}
	var m matter
	draft := application{System: subsidySystem, Item: asked.Item, ItemVersion: 1, Fields: asked.Fields}
	if err := consumer.post(ctx, "/v1/applications", draft, &m); err != nil {
		return err
	}
	if m.State != "INCOMPLETE" || len(m.Missing) == 0 {
		return fmt.Errorf("an application with nothing but fields is %s", m.State)
	}
	s.page.step("申请,一次性告知", "the department applies; all that is missing is told at once")
	for _, part := range m.Missing {
		s.page.line("缺少", "missing", part.Zh+"  "+part.En)
	}
	full := complete(draft, asked)
	if err := consumer.post(ctx, "/v1/matters/"+m.ID+"/events", act{Event: "completed", Application: &full}, &m); err != nil {
		return err
	}
	s.page.step("补正,开始计时", "it completes; the term of the answer begins")
	if err := s.term(m); err != nil {
		return err
	}
	if err := s.waitInTrial(ctx, consumer, m.ID); err != nil {
		return err
	}
	return s.approve(ctx, m.ID)
}

func complete(draft application, asked question) application {
	expires := time.Now().AddDate(1, 0, 0).UTC().Truncate(time.Second)
	draft.LegalProvision, draft.Scene, draft.Scope = "sharing-20", "核对就业补贴申请人的参保状态", "本区就业补贴的申请人"
	draft.Method, draft.Expires = "查询核验接口", &expires
	draft.Operations, draft.ServiceItems, draft.Purposes = []string{"VERIFY", "VIEW"}, []string{asked.ServiceItem}, []string{asked.Purpose}
	draft.RatePerSecond, draft.DailyQuota = 20, 5000
	return draft
}

// term prints the clock that runs.
func (s *show) term(m matter) error {
	for _, c := range m.Clocks {
		if c.State != "running" {
			continue
		}
		s.page.line("期限", "term", fmt.Sprintf("%d 个工作日 working days · %s", c.Days, c.Law))
		s.page.line("应于何时之前", "due before", c.Due.In(time.FixedZone("CST", 8*60*60)).Format(time.DateTime))
		return nil
	}
	return errors.New("no clock runs for the application")
}

// waitInTrial moves the trial's clock past the term, and shows what happens by itself.
func (s *show) waitInTrial(ctx context.Context, p *person, id string) error {
	var clock struct {
		Now time.Time `json:"now"`
	}
	if err := p.post(ctx, "/v1/trial/clock", map[string]int{"hours": 24 * 17}, &clock); err != nil {
		return err
	}
	var m matter
	if err := p.get(ctx, "/v1/matters/"+id, &m); err != nil {
		return err
	}
	var rang []string
	for _, e := range m.Events {
		if e.Side == "kapok" {
			rang = append(rang, e.Event)
		}
	}
	if len(rang) == 0 {
		return errors.New("the term passed and nobody was told")
	}
	s.page.step("快进 17 天(仅试用)", "17 days later: the trial's clock is moved on")
	s.page.line("试用时钟", "trial clock", clock.Now.In(time.FixedZone("CST", 8*60*60)).Format(time.DateTime))
	s.page.marked(red, "自动提醒、督办", "rung by itself", strings.Join(rang, ", "))
	return nil
}

func (s *show) approve(ctx context.Context, id string) error {
	if code, err := s.tryApprove(ctx, applicant, id); err != nil || code != http.StatusForbidden {
		return errors.Join(err, fmt.Errorf("the applicant's own approval was answered %d", code))
	}
	provider, err := s.signIn(ctx, answerer)
	if err != nil {
		return err
	}
	var m matter
	if err := provider.post(ctx, "/v1/matters/"+id+"/events", act{Event: "approved"}, &m); err != nil {
		return err
	}
	if m.State != "APPROVED" {
		return fmt.Errorf("after its approval the application is %s", m.State)
	}
	s.page.step("提供部门批准", "the provider's person approves; the applicant's own approval was refused")
	s.page.marked(green, "状态", "state", m.State)
	return s.term(m)
}

// tryApprove says with which status an approval is answered.
func (s *show) tryApprove(ctx context.Context, who, id string) (int, error) {
	p, err := s.signIn(ctx, who)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.kapok+"/v1/matters/"+id+"/events", strings.NewReader(`{"event":"approved"}`))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", p.me.CSRF)
	res, err := p.client.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func (s *show) openSubsidyBasis(ctx context.Context, asked question) (string, error) {
	bureau, err := s.signIn(ctx, officer)
	if err != nil {
		return "", err
	}
	var opened basis
	err = bureau.post(ctx, "/v1/bureau/bases", terms{
		Department: subsidyDepartment, System: subsidySystem, Item: asked.Item, Fields: asked.Fields,
		Operation: asked.Operation, ServiceItem: asked.ServiceItem, Purpose: asked.Purpose,
		Provision: "sharing-20", Expires: soon(),
	}, &opened)
	return opened.ID, err
}
