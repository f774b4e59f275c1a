package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The documents of replays, as far as the demonstration reads them.

type replayJob struct {
	ID           string `json:"id"`
	State        string `json:"state"`
	Report       string `json:"report"`
	ReportDigest string `json:"report_digest"`
}

type replayReport struct {
	Decisions int `json:"decisions"`
	Changes   []struct {
		Effect    string `json:"effect"`
		System    string `json:"system"`
		Item      string `json:"item"`
		Operation string `json:"operation"`
		Before    string `json:"before"`
		After     string `json:"after"`
		Count     int    `json:"count"`
	} `json:"changes"`
}

// plannedFile and plannedRule are the change: what a department views today it would
// only verify.
const (
	plannedFile = "district/demonstration.cedar"
	plannedRule = `// 依据: 演示用规则(不是正式文件)

@id("demonstration-verifies-insurance")
@zh("演示:参保信息只核对、不查看。")
@en("For the demonstration: insurance is verified and not viewed.")
@remedy_zh("用 VERIFY 或 PREDICATE 核对。")
@remedy_en("Use VERIFY or PREDICATE.")
forbid (
  principal in Department::"` + subsidyDepartment + `",
  action == Action::"VIEW",
  resource == Item::"` + insuranceItem + `"
);
`
)

// rules plays a change of the rules: replayed against what was decided, published by two
// people, felt by the very next call, and taken back.
func (s *show) rules(ctx context.Context) error {
	about, system, err := s.subsidyAbout()
	if err != nil {
		return err
	}
	asked := s.insuranceOf(about, "GZ-"+s.run)
	if asked.BasisID, err = s.openSubsidyBasis(ctx, asked); err != nil {
		return err
	}
	one, other, err := s.officers(ctx)
	if err != nil {
		return err
	}
	today, err := one.inForce(ctx, "policies", plannedFile)
	if err != nil {
		return err
	}
	planned := append(slices.Clone(today), namedText{plannedFile, plannedRule})
	if err := s.change(ctx, one, other, planned, "演示:参保信息只核对"); err != nil {
		return err
	}
	if code, err := s.refused(ctx, system, asked); err != nil || code != "policy-forbids" {
		return errors.Join(err, fmt.Errorf("refused with %q, not by the new rule", code))
	}
	if err := s.change(ctx, other, one, today, "演示:恢复"); err != nil {
		return err
	}
	_, err = s.used(ctx, system, asked, "再次请求", "the same call again")
	return err
}

func (s *show) officers(ctx context.Context) (one, other *person, err error) {
	if one, err = s.signIn(ctx, officer); err == nil {
		other, err = s.signIn(ctx, otherOfficer)
	}
	return one, other, err
}

// change replays a set, prints who would gain and lose by it, and has it published: one
// proposes with the report's digest, the other confirms, and the one cannot.
func (s *show) change(ctx context.Context, one, other *person, files []namedText, reason string) error {
	job, err := s.replay(ctx, one, files)
	if err != nil {
		return err
	}
	if err := s.winnersAndLosers(job); err != nil {
		return err
	}
	wanted := map[string]any{"kind": "policies", "replay": job.ID, "reason": reason}
	if err := publish(ctx, one, other, wanted); err != nil {
		return err
	}
	s.page.step("双人发布", "one proposes with the report's digest, another publishes; the proposer alone was refused")
	s.page.line("报告摘要", "digest of the report", job.ReportDigest)
	return nil
}

// replay waits for the report of a changed set.
func (s *show) replay(ctx context.Context, p *person, files []namedText) (job replayJob, err error) {
	err = p.post(ctx, "/v1/policies/replays", map[string]any{"files": files, "since_days": 1}, &job)
	for end := time.Now().Add(readyTime); err == nil && job.State == "waiting" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		err = p.get(ctx, "/v1/policies/replays/"+job.ID, &job)
	}
	if err == nil && job.State != "done" {
		err = fmt.Errorf("the replay is %s", job.State)
	}
	return job, err
}

func (s *show) winnersAndLosers(job replayJob) error {
	var report replayReport
	if err := json.Unmarshal([]byte(job.Report), &report); err != nil {
		return fmt.Errorf("the report is not JSON: %w", err)
	}
	if len(report.Changes) == 0 {
		return errors.New("the replay finds nobody whom the change touches")
	}
	s.page.step("先回放,再发布", "the change is replayed against what was decided within a day")
	s.page.line("重新决定", "decided again", fmt.Sprint(report.Decisions))
	for _, c := range report.Changes {
		colour := map[string]string{"gains": green, "loses": red}[c.Effect]
		s.page.marked(colour, "谁会怎样", "who gains, who loses", fmt.Sprintf("%s %d × %s %s %s: %s → %s", c.Effect, c.Count, c.System, c.Item, c.Operation, c.Before, c.After))
	}
	return nil
}
