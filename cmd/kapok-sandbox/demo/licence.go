package demo

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kapok/cmd/kapok-sandbox/department"
	"kapok/cmd/kapok-sandbox/people"
)

// The documents of e-licences, as far as the demonstration reads them.

type licence struct {
	ID       string            `json:"id"`
	State    string            `json:"state"`
	Version  int               `json:"version"`
	Elements map[string]string `json:"elements"`
}

type licenceDraft struct {
	Type        string            `json:"type"`
	Holder      holder            `json:"holder"`
	Number      string            `json:"number"`
	Fields      map[string]string `json:"fields"`
	ServiceItem string            `json:"service_item"`
	CaseNo      string            `json:"case_no"`
	Sign        bool              `json:"sign"`
}

type holder struct {
	IDType   string `json:"id_type"`
	IDNumber string `json:"id_number"`
	Name     string `json:"name"`
}

type presentation struct {
	ID    string `json:"id"`
	QRPNG []byte `json:"qr_png"`
}

type scan struct {
	Code        string   `json:"code"`
	ServiceItem string   `json:"service_item"`
	CaseNo      string   `json:"case_no"`
	OfficerRef  string   `json:"officer_ref"`
	Purpose     string   `json:"purpose"`
	Operations  []string `json:"operations"`
}

// licences plays the life of an e-licence: issued, shown, verified, copied, abolished.
func (s *show) licences(ctx context.Context) error {
	about, err := firstCitizen()
	if err != nil {
		return err
	}
	issuer, err := s.signIn(ctx, issuingOfficer)
	if err != nil {
		return err
	}
	made, err := s.issue(ctx, issuer, about)
	if err != nil {
		return err
	}
	holder, err := s.signIn(ctx, citizen)
	if err != nil {
		return err
	}
	counter, err := s.system(subsidySystem)
	if err != nil {
		return err
	}
	asked, err := s.presentAt(ctx, holder, counter, made)
	if err != nil {
		return err
	}
	verified, err := s.verifyAt(ctx, counter, asked, about)
	if err != nil {
		return err
	}
	if err := s.copyFor(ctx, counter, asked); err != nil {
		return err
	}
	if err := s.filed(ctx, asked, verified); err != nil {
		return err
	}
	if err := s.abolish(ctx, issuer, counter, made, asked); err != nil {
		return err
	}
	return s.standsInLedger(ctx, holder, made, asked)
}

// issue makes the licence and seals it with the department's e-seal.
func (s *show) issue(ctx context.Context, issuer *person, about people.Person) (licence, error) {
	var made licence
	err := issuer.post(ctx, "/v1/licences", licenceDraft{
		Type: assistanceLicence, Holder: holder{IDType: "111", IDNumber: about.Number, Name: about.Name}, Number: "DBZ-" + s.run,
		Fields: map[string]string{"category": "A类", "household_members": "3"}, ServiceItem: assistanceMatter, CaseNo: "DB-" + s.run, Sign: true,
	}, &made)
	if err != nil {
		return licence{}, err
	}
	if made.State != "ISSUED" {
		return licence{}, fmt.Errorf("the licence is %s after it was issued", made.State)
	}
	s.page.step("制证、签发", "a department issues an e-licence, sealed by GB/T 38540")
	s.page.line("证照", "licence", made.Elements["certificateName"]+" · "+made.Elements["certificateNumber"])
	s.page.line("证照标识", "identifier", made.Elements["certificateIdentifier"])
	_, file, err := issuer.do(ctx, "GET", s.kapok+"/v1/licences/"+made.ID+"/file", "", nil)
	if err != nil {
		return licence{}, err
	}
	return made, s.verifySeal(ctx, "licence.ofd", file)
}

// verifySeal has a sealed file verified offline by kapok-verify.
func (s *show) verifySeal(ctx context.Context, name string, file []byte) error {
	path := filepath.Join(s.options.Dir, name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return err
	}
	told, err := exec.CommandContext(ctx, s.options.Verify, "licence", "--trust", s.options.Bundle, path).CombinedOutput()
	if err != nil {
		s.page.block(string(told))
		return fmt.Errorf("kapok-verify does not find %s valid: %w", name, err)
	}
	s.page.marked(green, "离线验章", "seal verified offline", "有效 valid · "+path)
	return nil
}

// presentAt shows the licence by a QR, has the counter read the picture, and scans it;
// a second scan of the same picture is refused.
func (s *show) presentAt(ctx context.Context, holder *person, counter *department.System, made licence) (question, error) {
	var shown presentation
	wish := map[string]any{"licences": []string{made.ID}, "separate": true}
	if err := holder.post(ctx, "/v1/me/presentations", wish, &shown); err != nil {
		return question{}, err
	}
	code, err := readQR(shown.QRPNG)
	if err != nil {
		return question{}, err
	}
	s.page.step("亮证", "the citizen shows a QR: signed, 60 seconds, one scan")
	s.page.line("用证码", "code", fmt.Sprintf("%s… (%d 字节 bytes, SHA-256 %.8x)", code[:12], len(code), sha256.Sum256([]byte(code))))
	declared := scan{
		Code: code, ServiceItem: subsidyMatter, CaseNo: "YZ-" + s.run, OfficerRef: "counter-07", Purpose: subsidyPurpose,
		Operations: []string{"VERIFY", "COPY", "VIEW"},
	}
	answer, err := counter.Post(ctx, "/v1/presentations/scan", declared)
	if err != nil {
		return question{}, err
	}
	given, err := readScan(answer)
	if err != nil {
		return question{}, err
	}
	s.page.step("扫码", "the counter reads the picture; the scan is the consent for this case")
	s.page.line("依据", "basis", given)
	again, err := counter.Post(ctx, "/v1/presentations/scan", declared)
	if err != nil {
		return question{}, err
	}
	if again.OK() || again.Problem().Code != "presentation-used" {
		return question{}, errors.New("a screenshot of the code was not refused")
	}
	s.page.marked(red, "截图再扫", "a screenshot", fmt.Sprintf("拒绝 refused · %d %s", again.Problem().Status, again.Problem().Code))
	return question{
		Item: licenceItem, Fields: []string{"name", "category"}, ServiceItem: declared.ServiceItem, CaseNo: declared.CaseNo,
		OfficerRef: declared.OfficerRef, Purpose: declared.Purpose, BasisID: given,
	}, nil
}

// verifyAt asks only whether the licence is valid and the holder's. It returns the
// exchange, which proves it.
func (s *show) verifyAt(ctx context.Context, counter *department.System, asked question, about people.Person) (string, error) {
	asked.Operation, asked.Expected = "VERIFY", map[string]string{"name": about.Name, "category": "A类"}
	answer, err := counter.Post(ctx, "/v1/exchanges", asked)
	if err != nil {
		return "", err
	}
	released, err := readRelease(answer)
	if err != nil {
		return "", err
	}
	if released.Data["name"] != true || released.Data["category"] != true {
		return "", fmt.Errorf("the licence was verified as %v", released.Data)
	}
	s.page.step("核验", "verified at the counter: true or false, no value leaves")
	for _, name := range asked.Fields {
		s.page.row(green, []int{20}, name, fmt.Sprint(released.Data[name]))
	}
	return released.ExchangeID, nil
}

// copyFile is what the annotated copy is kept as.
const copyFile = "annotated-copy.ofd"

// copyFor takes the annotated copy for the case file.
func (s *show) copyFor(ctx context.Context, counter *department.System, asked question) error {
	asked.Operation = "COPY"
	answer, err := counter.Post(ctx, "/v1/exchanges", asked)
	if err != nil {
		return err
	}
	released, err := readRelease(answer)
	if err != nil {
		return err
	}
	kept, _ := released.Data["annotated_copy"].(map[string]any)
	content, _ := kept["content"].(string)
	file, err := base64.StdEncoding.DecodeString(content)
	if err != nil || len(file) == 0 {
		return errors.New("no annotated copy came")
	}
	s.page.step("加注件", "the annotated copy for the case file: for whom, which case, until when; nothing is printed")
	s.page.line("有效至", "until", fmt.Sprint(kept["until"]))
	return s.verifySeal(ctx, copyFile, file)
}

// abolish ends the licence and makes the very next use.
func (s *show) abolish(ctx context.Context, issuer *person, counter *department.System, made licence, asked question) error {
	var ended licence
	if err := issuer.post(ctx, "/v1/licences/"+made.ID+"/abolition", map[string]string{"reason": "演示:不再符合条件"}, &ended); err != nil {
		return err
	}
	s.page.step("废止", "the department abolishes the licence")
	s.page.line("状态", "state", ended.State)
	asked.Operation = "VIEW"
	code, err := s.refused(ctx, counter, asked)
	if err == nil && code != "licence-abolished" {
		err = fmt.Errorf("the use after the abolition was refused as %s", code)
	}
	return err
}

// standsInLedger finds each step among the citizen's own entries.
func (s *show) standsInLedger(ctx context.Context, holder *person, made licence, asked question) error {
	s.page.step("居民的账本", "each step stands in the citizen's ledger")
	for _, step := range []struct {
		zh, en string
		is     func(access) bool
	}{
		{"签发", "issued", func(a access) bool { return a.Kind == "licence-issued" && a.Ref == made.ID }},
		{"亮证", "shown", func(a access) bool { return a.Kind == "presentation-shown" }},
		{"扫码", "scanned", func(a access) bool { return a.Kind == "presentation-scanned" && a.CaseNo == asked.CaseNo }},
		{"截图被拒", "screenshot refused", func(a access) bool {
			return a.Kind == "refusal" && a.CaseNo == asked.CaseNo && a.Code == "presentation-used"
		}},
		{"核验", "verified", usedAs(asked, "VERIFY")},
		{"加注件", "copied", usedAs(asked, "COPY")},
		{"验证照", "file verified", func(a access) bool { return a.Kind == "licence-file-verified" }},
		{"受理", "case accepted", func(a access) bool { return a.Kind == "case-accepted" && a.CaseNo == asked.CaseNo }},
		{"要纸被拒", "paper refused", func(a access) bool { return a.Kind == "paper-demand-refused" && a.CaseNo == asked.CaseNo }},
		{"废止", "abolished", func(a access) bool { return a.Kind == "licence-abolished" && a.Ref == made.ID }},
		{"再用被拒", "next use refused", func(a access) bool { return a.CaseNo == asked.CaseNo && a.Code == "licence-abolished" }},
	} {
		found, err := holder.access(ctx, step.is)
		if err != nil {
			return fmt.Errorf("%s: %w", step.en, err)
		}
		s.page.line(step.zh, step.en, strings.TrimSpace(fmt.Sprintf("%s #%d  %s", found.Origin, found.Index, found.Department)))
	}
	return nil
}

func usedAs(asked question, operation string) func(access) bool {
	return func(a access) bool {
		return a.Kind == "outcome" && a.Result == "released" && a.CaseNo == asked.CaseNo && a.Operation == operation
	}
}
