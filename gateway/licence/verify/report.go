package verify

import (
	"encoding/json"
	"time"
)

// Status is the answer of one step.
type Status string

// The answers, the weightiest last but NotChecked, which weighs nothing.
const (
	NotChecked Status = "not-checked" // there was nothing to check it with, or nothing to check
	Pass       Status = "pass"
	Flagged    Status = "flagged"   // it holds, and there is reason to look again
	Undecided  Status = "undecided" // it could not be read or decided here
	Fail       Status = "fail"      // the document contradicts itself
)

// Verdict is the answer as a whole.
type Verdict string

// The verdicts. Each is the weightiest answer of any step.
const (
	Valid         Verdict = "valid"             // every step that was checked passed; NotChecked lists the others
	ValidFlagged  Verdict = "valid-but-flagged" // the cryptography holds; at least one step is flagged
	CannotBeKnown Verdict = "cannot-be-decided" // at least one step could not be decided, none failed
	Invalid       Verdict = "invalid"           // at least one step failed: changed after sealing, or sealed by somebody else
	NotSigned     Verdict = "not-signed"        // nobody signed it
)

var verdicts = map[Status]Verdict{NotChecked: Valid, Pass: Valid, Flagged: ValidFlagged, Undecided: CannotBeKnown, Fail: Invalid}

var weights = map[Status]int{NotChecked: 0, Pass: 1, Flagged: 2, Undecided: 3, Fail: 4}

// Words is a sentence in Chinese and in English.
type Words struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Step is one step of verification.
type Step struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Why    Words  `json:"why"`
}

// Report is what was found. It names certificates' subjects and files of the container,
// and nothing else of the content.
type Report struct {
	Verdict         Verdict           `json:"verdict"`
	Summary         Words             `json:"summary"`
	FirstDifference *Difference       `json:"first_difference,omitempty"`
	NotChecked      []string          `json:"not_checked,omitempty"` // names of steps that no signature had checked
	Steps           []Step            `json:"steps"`                 // of the file as a whole
	Signatures      []SignatureReport `json:"signatures"`
	Coverage        Coverage          `json:"coverage"`
	Oddities        []string          `json:"oddities,omitempty"`
	VerifiedAt      time.Time         `json:"verified_at"`
}

// SignatureReport is what was found of one signature.
type SignatureReport struct {
	ID       string       `json:"id"`
	File     string       `json:"file"`
	Verdict  Verdict      `json:"verdict"`
	Kind     string       `json:"kind,omitempty"` // the standard that it follows
	Provider string       `json:"provider,omitempty"`
	Seal     *SealReport  `json:"seal,omitempty"`
	Time     *time.Time   `json:"time,omitempty"`         // by the signer's own clock, signed along
	Written  string       `json:"time_written,omitempty"` // SignatureDateTime as spelt
	Stamped  *time.Time   `json:"time_stamped,omitempty"` // by a time-stamp authority that is trusted
	Form     string       `json:"signature_form,omitempty"`
	Signer   *Certificate `json:"signer,omitempty"`
	Maker    *Certificate `json:"maker,omitempty"`
	Steps    []Step       `json:"steps"`
	Stale    []string     `json:"stale,omitempty"` // files that a later signature changed by being added
	Oddities []string     `json:"oddities,omitempty"`
}

// SealReport tells of a seal.
type SealReport struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Vendor  string    `json:"vendor"`
	Version int       `json:"version"`
	Type    int       `json:"type"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

// Certificate tells of a certificate.
type Certificate struct {
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	Serial   string    `json:"serial"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Root     string    `json:"root,omitempty"` // of the trusted root that its chain ends with
	Oddities []string  `json:"oddities,omitempty"`
}

// Difference is the first thing found that is not as it was signed.
type Difference struct {
	Signature string `json:"signature"` // ID
	Step      string `json:"step"`
	File      string `json:"file"`
	Why       Words  `json:"why"`
}

// Coverage tells which files signatures cover.
type Coverage struct {
	Files     []Covered `json:"files"`
	Uncovered []string  `json:"uncovered"` // by no signature, those aside that signing itself writes
}

// Covered is a file and the signatures that cover it as it is.
type Covered struct {
	File string   `json:"file"`
	By   []string `json:"by"`
}

// JSON writes the report, indented.
func (r Report) JSON() ([]byte, error) { return json.MarshalIndent(r, "", "  ") }

// Step is the step of that name, or nil.
func (s *SignatureReport) Step(name string) *Step { return find(s.Steps, name) }

// Step is the step of that name of the file as a whole, or nil.
func (r *Report) Step(name string) *Step { return find(r.Steps, name) }

func find(steps []Step, name string) *Step {
	for i := range steps {
		if steps[i].Name == name {
			return &steps[i]
		}
	}
	return nil
}

func worst(steps []Step) Status {
	status := NotChecked
	for _, step := range steps {
		if weights[step.Status] > weights[status] {
			status = step.Status
		}
	}
	return status
}

var summaries = map[Verdict]Words{
	Valid:         {"有效：所查各项全部相符。", "Valid: everything that was checked holds."},
	ValidFlagged:  {"有效，但有须留意之处：签名与摘要相符，见各项说明。", "Valid but flagged: signatures and digests hold; see what is flagged."},
	CannotBeKnown: {"无法判定：有本程序不能读取或不能判定之处。这不表示文件是伪造的。", "Cannot be decided: something could not be read or decided here. This does not say that the document is forged."},
	Invalid:       {"无效：文件与其签章不符。", "Invalid: the document is not as it was sealed."},
	NotSigned:     {"未签章。", "Not signed."},
}
