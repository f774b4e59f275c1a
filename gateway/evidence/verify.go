package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kapok/crypto/jose"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
)

// Report says of a bundle what was checked.
type Report struct {
	Steps []ledger.Step `json:"steps"`
	Told  []Told        `json:"told"` // what the entries tell; to be believed only when OK
}

// Told is one entry as its receipt tells it.
type Told = ledger.Evidence

// OK reports whether every step passed.
func (r Report) OK() bool {
	return len(r.Steps) > 0 && !slices.ContainsFunc(r.Steps, func(s ledger.Step) bool { return s.Status != ledger.Pass })
}

// errNothing says of a step that the bundle holds nothing for it to check, which is
// no fault.
type errNothing string

func (e errNothing) Error() string { return string(e) }

// verification carries what one step learnt to the next.
type verification struct {
	verifier *sm.Verifier
	pinned   ledger.Bundle
	roots    []*pki.Certificate
	file     []byte

	trusted     [][]byte
	authorities []*pki.Certificate // roots of time-stamp authorities; none: not judged
	witnesses   []ledger.WitnessKey

	bundle   Bundle
	summary  []byte
	receipts []ledger.Evidence // of bundle.Entries
	request  *Request
	base     base            // of the request
	opening  ledger.Evidence // the entry beside which the request is kept
	lists    []*pki.CRL
}

// steps are checked in this order, each only when those before it passed. The names
// are part of what kapok-verify prints, and do not change.
var steps = []struct {
	name  string
	check func(*verification) (string, error)
}{
	{"form", (*verification).form},
	{"receipts", (*verification).everyReceipt},
	{"messages", (*verification).messages},
	{"request", (*verification).signedRequest},
	{"key", (*verification).enrolment},
	{"decision", (*verification).decision},
	{"basis", (*verification).basis},
	{"answer", (*verification).answer},
	{"release", (*verification).release},
	{"revocation", (*verification).revocation},
	{"stamps", (*verification).stamps},
	{"witnesses", (*verification).witnessed},
	{"summary", (*verification).page},
}

// Trust is what a reader believes, and has from elsewhere than the bundle.
type Trust struct {
	Pinned      ledger.Bundle
	Authorities [][]byte            // roots, DER, of time-stamp authorities; none: time-stamps are checked in themselves only
	Witnesses   []ledger.WitnessKey // none: cosignatures are not judged
}

// Verify is [VerifyBy] for a reader who knows no witness.
func Verify(file []byte, pinned ledger.Bundle, v *sm.Verifier, authorities ...[]byte) Report {
	return VerifyBy(file, Trust{Pinned: pinned, Authorities: authorities}, v)
}

// VerifyBy checks a bundle against the reader's trust and nothing else: no network, no
// database, no clock.
func VerifyBy(file []byte, trust Trust, v *sm.Verifier) Report {
	run := &verification{verifier: v, pinned: trust.Pinned, file: file, trusted: trust.Authorities, witnesses: trust.Witnesses}
	report := Report{Told: []Told{}}
	failed := false
	for _, step := range steps {
		result := ledger.Step{Name: step.name, Status: ledger.Skipped, Why: "a step before it failed"}
		if !failed {
			result = try(run, step.name, step.check)
			failed = result.Status != ledger.Pass
		}
		report.Steps = append(report.Steps, result)
	}
	report.Told = append(report.Told, run.receipts...)
	return report
}

func try(run *verification, name string, check func(*verification) (string, error)) ledger.Step {
	why, err := check(run)
	var nothing errNothing
	switch {
	case errors.As(err, &nothing):
		return ledger.Step{Name: name, Status: ledger.Pass, Why: nothing.Error()}
	case errors.Is(err, sm.ErrUndecided):
		return ledger.Step{Name: name, Status: ledger.Fail, Why: "the two SM2 libraries do not agree; it could not be decided"}
	case err != nil:
		return ledger.Step{Name: name, Status: ledger.Fail, Why: err.Error()}
	}
	return ledger.Step{Name: name, Status: ledger.Pass, Why: why}
}

func (run *verification) form() (string, error) {
	var err error
	if run.roots, err = parseAll(run.pinned.Roots); err != nil {
		return "", err
	}
	if run.authorities, err = parseAll(run.trusted); err != nil {
		return "", err
	}
	run.bundle, run.summary, err = Parse(run.file)
	if err == nil && len(run.bundle.Entries) == 0 {
		err = errors.New("it holds no entry")
	}
	return "a bundle of evidence, version 1", err
}

func (run *verification) everyReceipt() (string, error) {
	for i, entry := range run.bundle.Entries {
		told, err := run.receipt(entry.Receipt)
		if err != nil {
			return "", fmt.Errorf("entry %d: %w", i+1, err)
		}
		if told.Ref != run.bundle.Ref {
			return "", fmt.Errorf("entry %d belongs to another use", i+1)
		}
		if i > 0 && told.At.Before(run.receipts[i-1].At) {
			return "", errors.New("the entries are not in the order of their times")
		}
		run.receipts = append(run.receipts, told)
	}
	return fmt.Sprintf("%d entries of this use, each proved by its receipt", len(run.receipts)), nil
}

func (run *verification) receipt(raw []byte) (ledger.Evidence, error) {
	report := ledger.VerifyReceipt(raw, run.pinned, run.verifier)
	for _, step := range report.Steps {
		if step.Status == ledger.Fail {
			return ledger.Evidence{}, fmt.Errorf("its receipt's step %s: %s", step.Name, step.Why)
		}
	}
	return *report.Told, nil
}

// shown is the value of a field that a receipt shows.
func shown(told ledger.Evidence, name string) string {
	for _, field := range told.Shown {
		if field.Name == name {
			return field.Value
		}
	}
	return ""
}

func (run *verification) messages() (string, error) {
	kept := 0
	for i, entry := range run.bundle.Entries {
		committed := shown(run.receipts[i], MessagesField)
		if len(entry.Message) == 0 {
			continue
		}
		if committed == "" || Digest(entry.Message) != committed {
			return "", fmt.Errorf("entry %d does not commit to the message beside it", i+1)
		}
		kept++
	}
	if kept == 0 {
		return "", errNothing("no message is kept any longer; the receipts stand alone")
	}
	return fmt.Sprintf("%d messages, each the one that its entry commits to", kept), nil
}

// signedRequest finds the message of the first entry.
func (run *verification) signedRequest() (string, error) {
	first := run.bundle.Entries[0]
	if len(first.Message) == 0 {
		return "", errNothing("the request is not kept any longer")
	}
	request, err := ParseRequest(first.Message)
	if err != nil {
		return "", err
	}
	if word, unsigned := unsignedDoors[shown(run.receipts[0], "door")]; unsigned {
		return run.unsignedRequest(request, word)
	}
	if run.base, err = parseBase(request.Base); err != nil {
		return "", err
	}
	if run.bundle.Key == nil {
		return "", errors.New("the key that signed the request is missing")
	}
	key, err := sm.ParsePublicKey(run.bundle.Key.Point)
	if err != nil {
		return "", errors.New("the key that signed the request cannot be read")
	}
	run.request, run.opening = &request, run.receipts[0]
	if id := jose.NewJWK("", key).Thumbprint(); id != run.base.keyID || id != shown(run.opening, "key") {
		return "", errors.New("the key is not the one that the request and its entry name")
	}
	if err := run.verifier.Verify("evidence", key, []byte(request.Base), request.Signature, sm.Raw); err != nil {
		return "", err
	}
	if request.Order != "" {
		return fmt.Sprintf("%s %s, signed %s, ordered %s; this use was made for it later, and the order's own body is not kept here",
			run.base.values[`"@method"`], run.base.values[`"@target-uri"`], run.base.created.Format(time.RFC3339), request.Order), nil
	}
	digest := sm.Sum(request.Body)
	if !hasMember(run.base.values[`"content-digest"`], "sm3=:"+base64.StdEncoding.EncodeToString(digest[:])+":") {
		return "", errors.New("the body is not the one that was signed")
	}
	return fmt.Sprintf("%s %s, signed %s", run.base.values[`"@method"`], run.base.values[`"@target-uri"`], run.base.created.Format(time.RFC3339)), nil
}

// unsignedDoors are the doors through which nobody signs the request, as entries name them,
// each with what stands in the signature's place.
var unsignedDoors = map[string]string{
	"desk":        "at the desk, signed in",
	"cert-share":  "as of a licence share service, whose token vouches for no single call",
	"license-app": "by license-app/v1, whose secrets vouch for no single call",
	"tif":         "through Guangdong's gateway, whose signature is over time and nonce alone",
}

// unsignedRequest takes what nobody signed: its entry, which says so, is the platform's word
// alone.
func (run *verification) unsignedRequest(request Request, word string) (string, error) {
	if request.Base != "" || len(request.Signature) != 0 || shown(run.receipts[0], "key") != "" {
		return "", errors.New("the entry says that nobody signed the request, and yet it is signed")
	}
	run.request, run.opening = &request, run.receipts[0]
	return "not signed: " + shown(run.opening, "officer") + " of " + shown(run.opening, "department") + " asked for it " + word + "; that is the platform's own word", nil
}

func hasMember(dictionary, wanted string) bool {
	for member := range strings.SplitSeq(dictionary, ",") {
		if strings.TrimSpace(member) == wanted {
			return true
		}
	}
	return false
}

// enrolment proves by the ledger whose key it was when it signed.
func (run *verification) enrolment() (string, error) {
	if run.request == nil {
		return "", errNothing("there is no request")
	}
	if run.request.Base == "" {
		return "", errNothing("nobody signed it, so there is no key")
	}
	if shown(run.opening, "door") == peerDoor {
		return run.memberKey()
	}
	enrolled := false
	for _, raw := range run.bundle.Key.Receipts {
		told, err := run.receipt(raw)
		if err != nil {
			return "", fmt.Errorf("of an entry about the key: %w", err)
		}
		if shown(told, "key") != run.base.keyID {
			return "", errors.New("an entry about the key names another key")
		}
		if told.Kind == "key-revoked" && !told.At.After(run.opening.At) {
			return "", errors.New("the key was revoked before the use")
		}
		if told.Kind == "key-enrolled" && shown(told, "system") == shown(run.opening, "system") && !told.At.After(run.opening.At) {
			enrolled = true
		}
	}
	if !enrolled {
		return "", errors.New("no entry says that the key was the calling system's when it signed")
	}
	return "the ledger names it as a key of " + shown(run.opening, "system"), nil
}

// decided is what of a decision is compared with the entries.
type decided struct {
	Allowed       bool   `json:"allowed"`
	BasisDocument string `json:"basis_document"`
	PolicySet     string `json:"policy_set"`
	Input         struct {
		Subject string
		Grant   *struct{ ID string }
		Basis   *struct{ ID string }
	} `json:"input"`
}

func (run *verification) decisionMade() (decided, bool, error) {
	if run.request == nil || string(run.request.Decision) == "null" || len(run.request.Decision) == 0 {
		return decided{}, false, nil
	}
	var d decided
	if err := json.Unmarshal(run.request.Decision, &d); err != nil {
		return decided{}, false, errors.New("the decision cannot be read")
	}
	return d, true, nil
}

func (run *verification) decision() (string, error) {
	d, made, err := run.decisionMade()
	if err != nil {
		return "", err
	}
	if !made {
		return "", errNothing("nothing was decided, or it is not kept any longer")
	}
	if subject := shown(run.opening, ledger.SubjectField); subject != d.Input.Subject {
		return "", errors.New("it was about another person than the entry")
	}
	if run.opening.Kind != "intent" {
		return "refused; what it rested on is in the bundle", nil
	}
	if !d.Allowed || d.PolicySet != shown(run.opening, "policy-set") {
		return "", errors.New("the entry says that another decision was made, or by other policies")
	}
	if d.Input.Grant == nil || d.Input.Grant.ID != shown(run.opening, "grant") {
		return "", errors.New("it rests on another grant than the entry says")
	}
	return "allowed by policy set " + d.PolicySet, nil
}

func (run *verification) basis() (string, error) {
	d, made, err := run.decisionMade()
	if err != nil {
		return "", err
	}
	if !made || d.BasisDocument == "" {
		return "", errNothing("the use rested on no basis that was found, or this is not kept any longer")
	}
	if run.bundle.Basis == nil {
		return "", errors.New("the basis that the decision rests on is missing")
	}
	held := run.bundle.Basis
	signed := basis.Signed{Document: held.Document, Signature: held.Signature, Certificate: held.Certificate}
	if digest := sm.Sum(signed.Document); hex.EncodeToString(digest[:]) != d.BasisDocument {
		return "", errors.New("it is not the document that the decision rests on")
	}
	granted, err := basis.Read(signed.Document)
	if err != nil {
		return "", errors.New("its document cannot be read")
	}
	key, err := run.platformKey(signed.Certificate)
	if err != nil {
		return "", err
	}
	if _, err := signed.Verify(run.verifier, "evidence", key); err != nil {
		return "", err
	}
	if granted.ID != shown(run.opening, "basis") {
		return "", errors.New("it is another basis than the entry names")
	}
	return fmt.Sprintf("%s %s, signed by the platform", granted.Kind, granted.ID), nil
}

// platformKey is the key that signed the basis. The document does not say when that
// was; that it existed when the use was sealed, the ledger proves.
func (run *verification) platformKey(certificate []byte) (*sm.PublicKey, error) {
	leaf, err := pki.Parse(certificate)
	if err != nil {
		return nil, err
	}
	if leaf.NotBefore.After(run.opening.Sealed) {
		return nil, errors.New("the certificate of the key that signed it is younger than the use")
	}
	return run.operational(append([][]byte{certificate}, run.intermediates()...), leaf.NotBefore)
}

// operational is the key of a chain of certificates, leaf first, that leads to a
// pinned root at the given time.
func (run *verification) operational(chain [][]byte, at time.Time) (*sm.PublicKey, error) {
	return pki.VerifyOperational(run.verifier, "evidence", chain, run.roots, at)
}

// chain is a receipt's, leaf first, without the root.
func chain(receipt []byte) [][]byte {
	var r struct {
		Chain [][]byte `json:"chain"`
	}
	if err := json.Unmarshal(receipt, &r); err != nil {
		return nil // the receipt was verified before
	}
	return r.Chain
}

// checkpointOf is a receipt's.
func checkpointOf(receipt []byte) string {
	var r struct {
		Checkpoint string `json:"checkpoint"`
	}
	if err := json.Unmarshal(receipt, &r); err != nil {
		return "" // the receipt was verified before
	}
	return r.Checkpoint
}

func (run *verification) intermediates() [][]byte { return chain(run.bundle.Entries[0].Receipt)[1:] }

func (run *verification) answer() (string, error) {
	for i, entry := range run.bundle.Entries {
		if i == 0 || len(entry.Message) == 0 {
			continue
		}
		answer, err := ParseAnswer(entry.Message)
		if err != nil {
			return "", err
		}
		told := run.receipts[i]
		if answer.Provider != shown(told, "provider") || answer.Source != shown(told, "source") {
			return "", errors.New("the entry names another source")
		}
		if shown(told, "result") == "released" && answer.AsOf != shown(told, "as-of") {
			return "", errors.New("the entry names another time of the source's data")
		}
		if len(answer.Signature) == 0 {
			return fmt.Sprintf("SM3 %x of what %s answered; its protocol has no signature", answer.Digest, answer.Source), nil
		}
		return fmt.Sprintf("SM3 %x of what %s answered, with its signature, which only its own key can check", answer.Digest, answer.Source), nil
	}
	return "", errNothing("no source answered, or it is not kept any longer")
}

// release checks that Kapok signed an answer to this very request.
func (run *verification) release() (string, error) {
	if run.bundle.Release == nil {
		return "", errNothing("no signature of a release is kept")
	}
	message, err := ParseRelease(run.bundle.Release.Message)
	if err != nil {
		return "", err
	}
	signed, err := parseBase(message.Base)
	if err != nil {
		return "", err
	}
	key, err := run.operational(run.bundle.Release.Chain, signed.created)
	if err != nil {
		return "", err
	}
	if jose.NewJWK("", key).Thumbprint() != signed.keyID {
		return "", errors.New("it was made by another key than the certificate's")
	}
	if err := run.verifier.Verify("evidence", key, []byte(message.Base), message.Signature, sm.Raw); err != nil {
		return "", err
	}
	last := run.receipts[len(run.receipts)-1]
	if shown(last, "result") != "released" {
		return "", errors.New("something was signed for release, and the ledger says that nothing was released")
	}
	if run.request != nil && run.request.Base == "" {
		return "status " + signed.values[`"@status"`] + ", " + signed.values[`"content-digest"`] + "; it is bound to no signed request, for there was none", nil
	}
	if run.request != nil && signed.values[`"signature";req;key="sig1"`] != ":"+base64.StdEncoding.EncodeToString(run.request.Signature)+":" {
		return "", errors.New("it answers another request")
	}
	return "status " + signed.values[`"@status"`] + ", " + signed.values[`"content-digest"`], nil
}

// revocation looks at the lists, each certificate at the time at which it signed.
func (run *verification) revocation() (string, error) {
	if len(run.bundle.Lists) == 0 {
		return "", errNothing("no revocation list is in the bundle; operational keys live at most 24 hours")
	}
	for _, der := range run.bundle.Lists {
		list, err := pki.ParseCRL(der)
		if err != nil {
			return "", err
		}
		run.lists = append(run.lists, list)
	}
	for i, entry := range run.bundle.Entries {
		if _, err := pki.VerifyOperational(run.verifier, "evidence", chain(entry.Receipt), run.roots, run.receipts[i].Sealed, run.lists...); err != nil {
			return "", fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return fmt.Sprintf("cleared by %d lists at the times of sealing", len(run.lists)), nil
}

// page checks that what a person reads is what the bundle says.
func (run *verification) page() (string, error) {
	if !bytes.Equal(run.bundle.Summary(), run.summary) {
		return "", errors.New("summary.html is not what the bundle says")
	}
	return "summary.html says what the bundle says", nil
}
