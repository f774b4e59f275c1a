package verify_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/gateway/licence/verify"
)

// The fixtures are made by testdata/make.py, which knows nothing of Kapok.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	contents, err := os.ReadFile(filepath.Join("testdata", "fixtures", name))
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

func fixtureTrust(t testing.TB) verify.Trust {
	t.Helper()
	trust := verify.Trust{Roots: certificates(t, "root.pem")}
	block, _ := pem.Decode(fixture(t, "root-crl.pem"))
	list, err := pki.ParseCRL(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	trust.Lists = []*pki.CRL{list}
	return trust
}

func certificates(t testing.TB, name string) []*pki.Certificate {
	t.Helper()
	var found []*pki.Certificate
	for _, der := range pki.FromPEM(fixture(t, name)) {
		certificate, err := pki.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, certificate)
	}
	return found
}

// Of each fixture: the verdict, what did not simply pass (a seal's missing time-stamp
// and a plain signature's missing seal aside), and words that the report must hold.
var traps = map[string]struct {
	verdict verify.Verdict
	steps   string
	says    string
}{
	"v4":                          {verify.Valid, "", "GB/T 38540-2020"},
	"v1":                          {verify.Valid, "", "GM/T 0031-2014"},
	"v5":                          {verify.Valid, "", "GM/T 0031-2025"},
	"raw":                         {verify.Valid, "", "raw r‖s, 64 bytes"},
	"list-of-digests":             {verify.Valid, "", ""},
	"picture-types":               {verify.Valid, "", ""},
	"check-method-sm3":            {verify.Valid, "", ""},
	"check-method-hmac":           {verify.Invalid, "references fail", "HMAC-SM3"},
	"check-method-absent":         {verify.CannotBeKnown, "references undecided", "MD5"},
	"check-method-md5":            {verify.CannotBeKnown, "references undecided", "MD5"},
	"mixed-digests":               {verify.CannotBeKnown, "references undecided", "no SM3 digest"},
	"no-seal-file":                {verify.Valid, "seal-file not-checked", ""},
	"other-seal-file":             {verify.Invalid, "seal-file fail", "/Doc_0/Signs/Sign_0/Seal.esl"},
	"chinese-ia5string":           {verify.Valid, "", "IA5String holds GB 18030"},
	"expired-signer":              {verify.ValidFlagged, "certificates flagged", "had expired when it was used (2024-01-01 to 2025-01-01)"},
	"expired-seal":                {verify.ValidFlagged, "seal-dates flagged", ""},
	"revoked-before":              {verify.Invalid, "revocation fail", "had been revoked"},
	"revoked-later":               {verify.ValidFlagged, "revocation flagged", "revoked later"},
	"cyclic-chain":                {verify.ValidFlagged, "chain flagged, revocation not-checked", ""},
	"stranger-signs":              {verify.Invalid, "seal-owner fail", ""},
	"algorithm-rsa":               {verify.CannotBeKnown, "signature undecided", "1.2.840.113549.1.1.11"},
	"algorithm-curve":             {verify.Valid, "", "the algorithm is written 1.2.156.10197.1.301"},
	"masked":                      {verify.Invalid, "references fail", "of 5 files, 2 are not"},
	"reference-missing":           {verify.Invalid, "references fail", "/Doc_0/PublicRes.xml"},
	"signature-xml-changed":       {verify.Invalid, "data-hash fail", "/Doc_0/Signs/Sign_0/Signature.xml"},
	"signature-flipped":           {verify.Invalid, "signature fail", "both libraries"},
	"value-truncated":             {verify.CannotBeKnown, "structure undecided", "not one DER sequence"},
	"annotation-uncovered":        {verify.ValidFlagged, "", "/Doc_0/Annots/Annotation.xml"},
	"stamped":                     {verify.Valid, "", `"time_stamped": "2026-05-01T08:00:05Z"`},
	"stamped-other":               {verify.ValidFlagged, "time-stamp flagged", "about another digest"},
	"stamped-seal-other":          {verify.ValidFlagged, "time-stamp flagged", "the time-stamp of the seal proves nothing"},
	"stamped-unreadable":          {verify.ValidFlagged, "time-stamp flagged", "not a time-stamp of RFC 3161"},
	"redirected":                  {verify.CannotBeKnown, "", "no signature covers the page /Doc_0/Pages/Page_9/Content.xml"},
	"second":                      {verify.ValidFlagged, "references flagged | ", "/Doc_0/Signs/Signatures.xml"},
	"changed-between":             {verify.Invalid, "references fail | ", `"file": "/Doc_0/Pages/Page_0/Content.xml"`},
	"signed-data-attribute-other": {verify.Invalid, "data-hash fail", ""},
	"signed-data":                 {verify.Valid, "", "GB/T 35275-2017"},
	"signed-data-unsorted":        {verify.Valid, "", "not sorted as DER asks"},
	"signed-data-base64":          {verify.Valid, "", ""},
	"signed-data-other":           {verify.Invalid, "data-hash fail", ""},
	"date-fraction":               {verify.Valid, "", `"time": "2020-07-23T13:09:07.763Z"`},
	"date-zulu":                   {verify.Valid, "", `"time": "2020-08-17T11:13:29Z"`},
	"date-plain":                  {verify.Valid, "", `"time": "2022-10-31T06:16:34Z"`},
	"date-spaced":                 {verify.Valid, "", `"time": "2021-05-19T12:53:44Z"`},
	"date-iso":                    {verify.Valid, "", `"time": "2024-05-19T12:53:44Z"`},
	"date-day":                    {verify.Valid, "", `"time": "2024-05-18T16:00:00Z"`},
}

// early are signed before their certificates were in force, as fixtures with dates of
// years ago must be.
var early = map[string]bool{"date-fraction": true, "date-zulu": true, "date-plain": true, "date-spaced": true}

func TestTraps(t *testing.T) {
	trust := fixtureTrust(t)
	trust.Intermediates = certificates(t, "cycle.pem")
	v := verifier(trust)
	for name, want := range traps {
		t.Run(name, func(t *testing.T) {
			if early[name] {
				want.verdict, want.steps = verify.ValidFlagged, "certificates flagged"
			}
			found := report(v, fixture(t, name+".ofd"))
			if found.Verdict != want.verdict {
				t.Errorf("%s", found.Verdict)
			}
			var told []string
			for _, signature := range found.Signatures {
				told = append(told, unusual(signature))
			}
			if told := strings.Join(told, " | "); told != want.steps {
				t.Errorf("steps: %s", told)
			}
			written, err := found.JSON()
			if err != nil || !strings.Contains(string(written), want.says) {
				t.Errorf("%q is not said in\n%s", want.says, written)
			}
		})
	}
}

// unusual is statuses without what is never there in the fixtures.
func unusual(s verify.SignatureReport) string {
	told := []string{}
	for _, step := range s.Steps {
		absent := step.Name == verify.StepTimeStamp || s.Seal == nil && s.Kind != "" && strings.HasPrefix(step.Name, "seal-")
		if step.Status == verify.Pass || absent && step.Status == verify.NotChecked {
			continue
		}
		told = append(told, step.Name+" "+string(step.Status))
	}
	return strings.Join(told, ", ")
}

func TestEveryTrapHasATest(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "fixtures", "*.ofd"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, known := traps[strings.TrimSuffix(filepath.Base(file), ".ofd")]; !known {
			t.Errorf("%s has no test", file)
		}
	}
}

// Without roots, lists or both, the same file is never called valid in full silence.
func TestWhatTrustDecides(t *testing.T) {
	full := fixtureTrust(t)
	for name, test := range map[string]struct {
		trust   verify.Trust
		verdict verify.Verdict
		steps   string
	}{
		"nobody":   {verify.Trust{}, verify.ValidFlagged, "chain flagged, revocation not-checked"},
		"others":   {verify.Trust{Roots: certificates(t, "cycle.pem")}, verify.ValidFlagged, "chain flagged, revocation not-checked"},
		"no lists": {verify.Trust{Roots: full.Roots}, verify.Valid, "revocation not-checked"},
		"all":      {full, verify.Valid, ""},
	} {
		found := report(verifier(test.trust), fixture(t, "v4.ofd"))
		if told := unusual(found.Signatures[0]); found.Verdict != test.verdict || told != test.steps {
			t.Errorf("%s: %s, %s", name, found.Verdict, told)
		}
	}
}

func TestReportsForPeople(t *testing.T) {
	var page strings.Builder
	found := report(verifier(fixtureTrust(t)), fixture(t, "masked.ofd"))
	if err := verify.WriteHTML(&page, []verify.Page{{File: "<b>masked.ofd", Report: found}}); err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"无效", "测试区某某局电子印章", "/Doc_0/PublicRes.xml", "&lt;b&gt;masked.ofd", "not as they were sealed"} {
		if !strings.Contains(page.String(), wanted) {
			t.Errorf("the page does not say %q", wanted)
		}
	}
	if strings.Contains(page.String(), "http") || strings.Contains(page.String(), "<no value>") {
		t.Error("the page asks for something from outside, or lacks a value")
	}
	for _, step := range found.Signatures[0].Steps {
		if verify.StepTitle(step.Name).Zh == "" || step.Why.Zh == "" || step.Why.En == "" {
			t.Errorf("%s has no words", step.Name)
		}
	}
	if found.VerifiedAt.Before(time.Now().Add(-time.Minute)) {
		t.Error("the report has no time of its own")
	}
}

// One verifier serves many at once; what it remembers of one document does not change
// what it says of another. Run with -race.
func TestVerifierIsShared(t *testing.T) {
	v := verifier(fixtureTrust(t))
	var all sync.WaitGroup
	for _, name := range []string{"v4", "v1", "raw", "masked", "stranger-signs", "signed-data-unsorted", "revoked-before", "other-seal-file"} {
		document := fixture(t, name+".ofd")
		for range 4 {
			all.Go(func() {
				if found := report(v, document); found.Verdict != traps[name].verdict {
					t.Errorf("%s: %s", name, found.Verdict)
				}
			})
		}
	}
	all.Wait()
}
