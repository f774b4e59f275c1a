package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"kapok/gateway/licence/ofd"
)

const oidHMAC = "1.2.156.10197.1.401.2"

// checkReferences hashes every file that the signature covers.
func (s *examined) checkReferences() {
	method := s.file.CheckMethod
	switch {
	case method == oidHMAC:
		s.differ(StepReferences, "/"+s.listed.File, Words{"摘要算法写为 HMAC-SM3，须有密钥，任何人都无法据此验证，予以拒绝", "the check method is HMAC-SM3, which needs a key: nobody could verify it, so it is rejected"})
		return
	case !strings.EqualFold(method, "SM3") && method != "1.2.156.10197.1.401":
		s.add(StepReferences, Undecided, words("摘要算法 %q 不是 SM3（未写明时标准规定为 MD5）", "the check method %q is not SM3 (where none is written, the standard means MD5)", method))
		return
	case len(s.file.References) == 0:
		s.add(StepReferences, Undecided, Words{"签名没有覆盖任何文件", "the signature covers no file"})
		return
	}
	var undecided error
	for _, reference := range s.file.References {
		if err := s.checkReference(reference); err != nil && undecided == nil {
			undecided = err
		}
	}
	s.concludeReferences(undecided)
}

// checkReference returns an error where the reference cannot be decided.
func (s *examined) checkReference(reference ofd.Reference) error {
	expected, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(reference.Check), ""))
	if err != nil || len(expected) != 32 {
		return errors.New("a check value is no SM3 digest in base64")
	}
	digest, err := s.hash(reference.File)
	if err != nil && !errors.Is(err, ofd.ErrMissing) {
		return err
	}
	if err != nil {
		s.differs(reference.File, Words{"签章覆盖的文件缺失", "a file that was sealed is missing"})
		return nil
	}
	if !bytes.Equal(expected, digest[:]) {
		if !s.confirm(reference.File) {
			return errors.New("the two libraries differ in the SM3 of /" + reference.File)
		}
		s.differs(reference.File, Words{"文件在签章后被改动", "the file was changed after sealing"})
		return nil
	}
	s.covered = append(s.covered, reference.File)
	return nil
}

func (s *examined) differs(file string, why Words) {
	s.differing = append(s.differing, file)
	if s.difference == nil {
		s.difference = &Difference{Signature: s.ID, Step: StepReferences, File: "/" + file, Why: why}
	}
}

func (s *examined) concludeReferences(undecided error) {
	all := len(s.file.References)
	switch {
	case len(s.differing) > 0:
		s.add(StepReferences, Fail, words("%d 个文件中有 %d 个与签章时不同，首个为 /%s", "of %d files, %d are not as they were sealed; the first is /%s", all, len(s.differing), s.differing[0]))
	case undecided != nil:
		s.Steps = append(s.Steps, refused(StepReferences, undecided))
	default:
		s.add(StepReferences, Pass, words("%d 个文件的 SM3 全部相符", "all %d files have the SM3 that was sealed", all))
	}
}

// excuseStaleList looks at a signature that fails only because Signatures.xml has
// changed: whoever seals a document again must add to that list, and some makers cover
// it all the same. It is excused where a signature that holds was listed later, as
// nothing that is seen stands in the list.
func (d *examination) excuseStaleList(position int) {
	s := d.signed[position]
	if len(s.differing) == 0 || !s.holdsOtherwise() {
		return
	}
	for _, file := range s.differing {
		if file != s.document.Signatures {
			return
		}
	}
	for _, later := range d.signed[position+1:] {
		if later.document.File == s.document.File && later.holds() {
			s.excuse(later.ID)
			return
		}
	}
}

func (s *examined) excuse(later string) {
	s.Stale = []string{"/" + s.document.Signatures}
	step := s.Step(StepReferences)
	step.Status = Flagged
	step.Why = words("/%s 因后来的签章 %s 而改变，其余文件相符", "/%s was changed by the later signature %s; every other file is as it was sealed", s.document.Signatures, later)
}

// holds reports whether nothing failed and nothing is undecided.
func (s *examined) holds() bool {
	return len(s.Steps) > 0 && weights[worst(s.Steps)] < weights[Undecided]
}

// holdsOtherwise is holds, the references aside.
func (s *examined) holdsOtherwise() bool {
	for _, step := range s.Steps {
		if step.Name != StepReferences && weights[step.Status] >= weights[Undecided] {
			return false
		}
	}
	return true
}
