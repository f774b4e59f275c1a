package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// materialOfLicence is the material of the subsidy's matter that the licence stands for.
const materialOfLicence = "2"

type caseFile struct {
	Materials []struct {
		Code  string `json:"code"`
		Name  string `json:"name"`
		State string `json:"state"`
	} `json:"materials"`
}

// filed plays the counter after it has the copy: an officer who is signed in verifies the
// file at Kapok's desk, accepts the case, and is stopped from asking for the paper.
func (s *show) filed(ctx context.Context, asked question, exchange string) error {
	desk, err := s.signIn(ctx, deskOfficer)
	if err != nil {
		return err
	}
	if err := s.dropped(ctx, desk); err != nil {
		return err
	}
	var accepted caseFile
	err = desk.post(ctx, "/v1/desk/cases/acceptance", map[string]any{
		"service_item": asked.ServiceItem, "case_no": asked.CaseNo,
		"materials": []map[string]string{{"code": materialOfLicence, "met_by": exchange}},
	}, &accepted)
	if err != nil {
		return err
	}
	s.page.step("受理", "the case is accepted: which materials are met, without paper")
	for _, m := range accepted.Materials {
		s.page.row(plain, []int{10, 30}, m.Code, m.Name, m.State)
	}
	err = desk.post(ctx, "/v1/desk/cases/demands", map[string]string{
		"service_item": asked.ServiceItem, "case_no": asked.CaseNo, "material": materialOfLicence, "step": "审查",
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "paper-demanded-again") {
		return fmt.Errorf("asking for the paper again was not stopped: %v", err)
	}
	s.page.marked(red, "再要纸质材料", "asking for the paper", "被制止并报督查 stopped and reported · 409 paper-demanded-again")
	return nil
}

// dropped verifies the copy at the desk, as an officer drops a file there.
func (s *show) dropped(ctx context.Context, desk *person) error {
	file, err := os.ReadFile(filepath.Join(s.options.Dir, copyFile))
	if err != nil {
		return err
	}
	_, answer, err := desk.do(ctx, http.MethodPost, s.kapok+"/v1/desk/verifications", "application/ofd", file)
	if err != nil {
		return err
	}
	var found struct {
		Verdict string `json:"verdict"`
		Known   bool   `json:"known"`
		InForce bool   `json:"in_force"`
	}
	if json.Unmarshal(answer, &found) != nil || found.Verdict != "valid" || !found.Known || !found.InForce {
		return errors.New("the desk does not find the copy valid and its licence in force")
	}
	s.page.step("工作台验证照", "an officer drops the file at Kapok's desk")
	s.page.marked(green, "印章", "seal", found.Verdict)
	s.page.marked(green, "证照状态", "licence", "有效 in force, asked just now")
	return nil
}
