package verify

import (
	_ "embed"
	"html/template"
	"io"
	"time"
)

//go:embed page.html
var pageSource string

// Page is what is printed: reports under the names of their files.
type Page struct {
	File   string
	Report Report
}

// WriteHTML writes one page that needs nothing else, for people to read and print:
// Chinese first, English second.
func WriteHTML(w io.Writer, pages []Page) error {
	return pageTemplate().Execute(w, pages)
}

func pageTemplate() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"verdict": func(v Verdict) Words { return verdictWords[v] },
		"status":  func(s Status) Words { return statusWords[s] },
		"step":    StepTitle,
		"day":     func(t time.Time) string { return t.In(beijing).Format(time.DateOnly) },
		"moment":  func(t time.Time) string { return t.In(beijing).Format("2006-01-02 15:04:05") + " (UTC+8)" },
	}).Parse(pageSource))
}

var verdictWords = map[Verdict]Words{
	Valid: {"有效", "valid"}, ValidFlagged: {"有效，须留意", "valid but flagged"}, CannotBeKnown: {"无法判定", "cannot be decided"},
	Invalid: {"无效", "invalid"}, NotSigned: {"未签章", "not signed"},
}

var statusWords = map[Status]Words{
	Pass: {"通过", "pass"}, Flagged: {"留意", "flagged"}, Fail: {"不符", "fail"}, Undecided: {"未能判定", "undecided"}, NotChecked: {"未查", "not checked"},
}

// VerdictWords says a verdict for people.
func VerdictWords(v Verdict) Words { return verdictWords[v] }

// StatusWords says a status for people.
func StatusWords(s Status) Words { return statusWords[s] }

var stepTitles = map[string]Words{
	StepContainer: {"容器", "container"}, StepSignatures: {"签名列表", "list of signatures"}, StepCoverage: {"覆盖范围", "coverage"},
	StepStructure: {"签名结构", "structure"}, StepReferences: {"文件摘要", "references"}, StepDataHash: {"签名文件摘要", "data hash"},
	StepSealFile: {"印章文件", "seal file"}, StepSignature: {"签章签名", "signature"}, StepSealSignature: {"制章签名", "seal's signature"},
	StepSealOwner: {"签章人属于印章", "signer owns the seal"}, StepSealDates: {"印章有效期", "seal's dates"}, StepCertificates: {"证书有效期", "certificates' dates"},
	StepKeyUsage: {"密钥用法", "key usage"}, StepChain: {"证书链", "chain of trust"}, StepRevocation: {"吊销", "revocation"}, StepTimeStamp: {"时间戳", "time-stamp"},
}

// StepTitle names a step for people.
func StepTitle(name string) Words { return stepTitles[name] }
