package verify

import (
	"io"
	"slices"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
)

// Trust is whom a verifier believes. It comes from configuration or a pinned bundle.
type Trust struct {
	Roots         []*pki.Certificate
	Intermediates []*pki.Certificate
	Lists         []*pki.CRL // revocation lists; none: revocation is not checked
}

// Verifier verifies documents. It is safe for concurrent use; keep one, as it remembers
// the certificates it has met.
type Verifier struct {
	signatures *sm.Verifier
	trust      Trust
	limits     ofd.Limits
	now        func() time.Time
	known      *acquaintances
}

// NewVerifier makes a verifier. Zero limits are the defaults.
func NewVerifier(signatures *sm.Verifier, trust Trust, limits ofd.Limits) *Verifier {
	return &Verifier{signatures: signatures, trust: trust, limits: limits, now: time.Now, known: newAcquaintances()}
}

// The steps of the file as a whole.
const (
	StepContainer  = "container"  // the ZIP is bounded and has one reading
	StepSignatures = "signatures" // OFD.xml and Signatures.xml lead to every signature
	StepCoverage   = "coverage"   // what no signature covers
)

// Document verifies a document of size bytes. caller is whose budget pays for second
// opinions about signatures (see [sm.VerifierOptions]).
func (v *Verifier) Document(caller string, r io.ReaderAt, size int64) Report {
	d := &examination{verifier: v, caller: caller, hashes: map[string]hashed{}}
	d.report = Report{VerifiedAt: v.now().UTC(), Signatures: []SignatureReport{}, Coverage: Coverage{Files: []Covered{}, Uncovered: []string{}}}
	if d.open(r, size) && d.list() {
		d.examine()
	}
	return d.conclude()
}

// examination is one document being verified.
type examination struct {
	verifier  *Verifier
	caller    string
	container *ofd.Container
	documents []ofd.Document
	signed    []*examined
	hashes    map[string]hashed
	report    Report
}

// hashed is a file's SM3, or why there is none.
type hashed struct {
	digest [sm.Size]byte
	err    error
	second *[sm.Size]byte // by the second library, once it was asked
}

func (d *examination) open(r io.ReaderAt, size int64) bool {
	var err error
	if d.container, err = ofd.Open(r, size, d.verifier.limits); err != nil {
		d.report.Steps = append(d.report.Steps, refused(StepContainer, err))
		return false
	}
	d.report.Oddities = d.container.Oddities
	d.report.Steps = append(d.report.Steps, Step{StepContainer, Pass, Words{"容器完整，读法唯一", "the container has one reading and is within the limits"}})
	return true
}

// list finds the signatures of every document in the container.
func (d *examination) list() bool {
	var err error
	if d.documents, err = d.container.Documents(); err != nil {
		d.report.Steps = append(d.report.Steps, refused(StepSignatures, err))
		return false
	}
	for _, document := range d.documents {
		listed, err := d.container.List(document)
		if err != nil {
			d.report.Steps = append(d.report.Steps, refused(StepSignatures, err))
			return false
		}
		for _, entry := range listed {
			d.signed = append(d.signed, &examined{examination: d, document: document, SignatureReport: SignatureReport{ID: entry.ID, File: "/" + entry.File}, listed: entry})
		}
	}
	d.report.Steps = append(d.report.Steps, Step{StepSignatures, Pass, words("共 %d 个签名", "%d signatures are listed", len(d.signed))})
	return true
}

func (d *examination) examine() {
	for _, signature := range d.signed {
		signature.examine()
	}
	for position := range d.signed {
		d.excuseStaleList(position)
	}
	d.cover()
}

// hash is a file's SM3; a file that several signatures cover is read once.
func (d *examination) hash(name string) ([sm.Size]byte, error) {
	known, ok := d.hashes[name]
	if !ok {
		known.digest, known.err = d.container.Hash(name)
		d.hashes[name] = known
	}
	return known.digest, known.err
}

// confirm asks the second library for the SM3 of a file before it is called changed;
// once for each file, as a signature may name one many times.
func (d *examination) confirm(name string) bool {
	known := d.hashes[name]
	if known.second == nil {
		second, err := d.container.SecondHash(name)
		if err != nil {
			return false
		}
		known.second = &second
		d.hashes[name] = known
	}
	return *known.second == known.digest
}

// conclude weighs the steps.
func (d *examination) conclude() Report {
	status := worst(d.report.Steps)
	for _, signature := range d.signed {
		own := worst(signature.Steps)
		signature.Verdict = verdicts[own]
		if weights[own] > weights[status] {
			status = own
		}
		d.report.Signatures = append(d.report.Signatures, signature.SignatureReport)
	}
	d.report.Verdict = verdicts[status]
	if len(d.signed) == 0 && weights[status] < weights[Undecided] {
		d.report.Verdict = NotSigned
	}
	d.report.Summary = summaries[d.report.Verdict]
	d.report.NotChecked = d.notChecked()
	d.report.FirstDifference = d.firstDifference()
	return d.report
}

func (d *examination) notChecked() []string {
	var names []string
	for _, signature := range d.signed {
		for _, step := range signature.Steps {
			if step.Status == NotChecked && !slices.Contains(names, step.Name) {
				names = append(names, step.Name)
			}
		}
	}
	return names
}

func (d *examination) firstDifference() *Difference {
	for _, signature := range d.signed {
		if signature.difference != nil {
			return signature.difference
		}
	}
	return nil
}
