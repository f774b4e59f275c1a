package verify

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
)

// The steps of a signature, in their order.
const (
	StepStructure     = "structure"      // Signature.xml and SignedValue.dat are read
	StepReferences    = "references"     // SM3 of every file that it covers
	StepDataHash      = "data-hash"      // SM3 of Signature.xml, and its path
	StepSealFile      = "seal-file"      // Seal.esl is the seal within the signature
	StepSignature     = "signature"      // the document's signature
	StepSealSignature = "seal-signature" // the maker's signature of the seal
	StepSealOwner     = "seal-owner"     // the signer's certificate is on the seal's list
	StepSealDates     = "seal-dates"     // the seal was in force when it was used
	StepCertificates  = "certificates"   // both certificates were in force then
	StepKeyUsage      = "key-usage"      // they are for signing
	StepChain         = "chain"          // they lead to a trusted root
	StepRevocation    = "revocation"     // they had not been revoked
	StepTimeStamp     = "time-stamp"     // an authority's word for the time
)

// examined is one signature being verified.
type examined struct {
	SignatureReport
	*examination
	document   ofd.Document
	listed     ofd.Listed
	file       *ofd.SignatureFile
	covered    []string // files that it covers as they are
	differing  []string // files that are missing or not as they were
	difference *Difference
	sealed     bool // the seal within the signature is the one in Seal.esl
	esl        []byte
	eslError   error
}

func (s *examined) add(name string, status Status, why Words) {
	s.Steps = append(s.Steps, Step{name, status, why})
}

// differ is a step that failed, and where.
func (s *examined) differ(name, file string, why Words) {
	s.add(name, Fail, why)
	if s.difference == nil {
		s.difference = &Difference{Signature: s.ID, Step: name, File: file, Why: why}
	}
}

func (s *examined) examine() {
	var err error
	if s.file, err = s.container.Signature(s.listed); err != nil {
		s.Steps = append(s.Steps, refused(StepStructure, err))
		return
	}
	s.Provider, s.Written = s.file.Provider, s.file.Time
	value, err := s.container.Read(s.file.SignedValue)
	if err != nil {
		s.Steps = append(s.Steps, refused(StepStructure, err))
		return
	}
	if eseal.IsSignedData(value) {
		s.examineSignedData(value)
		return
	}
	s.examineSeal(value)
}

// examineSeal takes the steps for a SES_Signature.
func (s *examined) examineSeal(value []byte) {
	signature, err := eseal.ParseSignature(value)
	if err != nil {
		s.Steps = append(s.Steps, refused(StepStructure, err))
		s.checkReferences()
		return
	}
	seal := signature.Seal
	s.Kind = kinds[seal.Version]
	s.Seal = &SealReport{ID: seal.ID, Name: seal.Name, Vendor: seal.Vendor, Version: seal.Version, Type: seal.Type, From: seal.From, To: seal.To}
	s.Oddities = append(slices.Clone(signature.Oddities), seal.Oddities...)
	s.structure()
	s.readSealFile()
	s.checkReferences()
	s.checkDataHash(signature)
	s.checkSealFile(seal)
	at := signature.Time
	s.setTime(at)
	signer := s.checkSigned(StepSignature, signature.Signer, &s.Signer)
	maker := s.checkSigned(StepSealSignature, seal.Maker, &s.Maker)
	s.checkOwner(seal, signature.Signer.Certificate)
	s.checkSealDates(seal, at)
	s.checkCertificates(at, signer, maker)
	s.checkTimeStamp(signature)
}

var kinds = map[int]string{eseal.V1: "GM/T 0031-2014", eseal.V4: "GB/T 38540-2020", eseal.V5: "GM/T 0031-2025"}

// structure notes what is unusual about Signature.xml.
func (s *examined) structure() {
	if method := s.file.Method; method != "" && !methods[method] {
		s.add(StepStructure, Flagged, words("Signature.xml 所写签名算法为 %q，签名值中另有所写", "Signature.xml names the algorithm %q; the signature value has its own", method))
		return
	}
	s.add(StepStructure, Pass, words("按 %s 读取", "read as %s", s.Kind))
}

// methods are the spellings of SM2 with SM3 in SignatureMethod.
var methods = map[string]bool{
	"1.2.156.10197.1.501": true, "1.2.156.10197.1.301.1": true, "1.2.156.10197.1.301": true,
	"SM2": true, "SM3withSM2": true, "SM3WithSM2": true, "SM2-with-SM3": true,
}

func (s *examined) setTime(at time.Time) {
	if !at.IsZero() {
		s.Time = &at
	}
}

func (s *examined) checkDataHash(signature *eseal.Signature) {
	hash := sm.Sum(s.file.Raw)
	if !bytes.Equal(hash[:], signature.DataHash) {
		if !confirmed(s.file.Raw, hash) {
			s.add(StepDataHash, Undecided, Words{"两个密码库计算的 SM3 不同", "the two libraries differ in the SM3 of Signature.xml"})
			return
		}
		s.differ(StepDataHash, "/"+s.listed.File, Words{"Signature.xml 在签章后被改动", "Signature.xml was changed after sealing"})
		return
	}
	if path, err := ofd.Resolve("", signature.Property); err != nil || path != s.listed.File {
		s.add(StepDataHash, Flagged, Words{"摘要相符；签章数据所记路径与文件不同", "the hash holds; the path that was sealed is not the file's"})
		return
	}
	s.add(StepDataHash, Pass, Words{"Signature.xml 的 SM3 与路径相符", "SM3 and path of Signature.xml are as sealed"})
}

// confirmed asks the second library before a file is called changed.
func confirmed(contents []byte, digest [sm.Size]byte) bool {
	second := sm.NewSecondHash()
	second.Write(contents)
	return bytes.Equal(second.Sum(nil), digest[:])
}

// readSealFile unpacks Seal.esl once, for its reference and for its comparison: it is
// the largest file of most licences.
func (s *examined) readSealFile() {
	if s.file.Seal == "" || !s.container.Has(s.file.Seal) {
		return
	}
	if s.esl, s.eslError = s.container.Read(s.file.Seal); s.eslError == nil {
		s.hashes[s.file.Seal] = hashed{digest: sm.Sum(s.esl)}
	}
}

func (s *examined) checkSealFile(seal *eseal.Seal) {
	if s.file.Seal == "" || !s.container.Has(s.file.Seal) {
		s.add(StepSealFile, NotChecked, Words{"文件中没有 Seal.esl，以签章数据内的印章为准", "there is no Seal.esl; the seal within the signature counts"})
		return
	}
	if s.eslError != nil {
		s.Steps = append(s.Steps, refused(StepSealFile, s.eslError))
		return
	}
	if !bytes.Equal(s.esl, seal.Raw) {
		s.differ(StepSealFile, "/"+s.file.Seal, Words{"Seal.esl 与签章数据内的印章不同", "Seal.esl is not the seal within the signature"})
		return
	}
	s.sealed = true
	s.add(StepSealFile, Pass, Words{"Seal.esl 与签章数据内的印章逐字节相同", "Seal.esl is, byte for byte, the seal within the signature"})
}

// checkSigned verifies one signature and returns its certificate where that can be
// read.
func (s *examined) checkSigned(name string, signed eseal.Signed, into **Certificate) *acquaintance {
	signer := s.verifier.known.meet(signed.Certificate)
	if signer.certificate != nil {
		*into = describe(signer.certificate)
	}
	if signer.err != nil {
		s.add(name, Undecided, words("签名证书不能读取（%s）", "the signer's certificate cannot be read: %s", signer.err))
		return signer
	}
	form, err := s.verifySigned(name, signed, signer.key)
	switch {
	case errors.Is(err, eseal.ErrAlgorithm):
		s.add(name, Undecided, words("签名算法 %q 不是 SM2", "the signature algorithm %q is not SM2 with SM3", signed.Algorithm))
	case eseal.Wrong(err):
		s.differ(name, "/"+s.file.SignedValue, Words{"签名值不符（两个密码库一致判定）", "the signature is wrong, by the word of both libraries"})
	case err != nil:
		s.add(name, Undecided, Words{"签名值未能判定（两个密码库意见不一，或超出复核额度）", "the signature could not be decided: the libraries differ, or no second opinion was to be had"})
	default:
		s.passSigned(name, signed, form)
	}
	return signer
}

// verifySigned verifies the maker's signature of one seal once, where Seal.esl has shown
// it to be the same, byte for byte: documents of one department carry it all.
func (s *examined) verifySigned(name string, signed eseal.Signed, key *sm.PublicKey) (eseal.Form, error) {
	if name != StepSealSignature || !s.sealed {
		return signed.Verify(s.verifier.signatures, s.caller, key)
	}
	digest := s.hashes[s.file.Seal].digest
	if form, known := s.verifier.known.sealHolds(digest); known {
		return form, nil
	}
	form, err := signed.Verify(s.verifier.signatures, s.caller, key)
	if err == nil {
		s.verifier.known.rememberSeal(digest, form)
	}
	return form, err
}

func (s *examined) passSigned(name string, signed eseal.Signed, form eseal.Form) {
	if name == StepSignature {
		s.Form = string(form)
	}
	if !signed.Standard() {
		s.Oddities = append(s.Oddities, name+": the algorithm is written "+signed.Algorithm)
	}
	s.add(name, Pass, words("签名相符，写法为 %s", "the signature holds; it is written as %s", form))
}

func (s *examined) checkOwner(seal *eseal.Seal, certificate []byte) {
	allowed, decided := seal.Allows(certificate)
	switch {
	case allowed:
		s.add(StepSealOwner, Pass, Words{"签章人证书在印章的证书列表中", "the signer's certificate is on the seal's list"})
	case decided:
		s.differ(StepSealOwner, "/"+s.file.SignedValue, Words{"签章人证书不在印章的证书列表中", "the signer's certificate is not on the seal's list"})
	default:
		s.add(StepSealOwner, Undecided, Words{"印章的证书列表使用本程序不认识的摘要算法", "the seal lists digests by an algorithm that is not known here"})
	}
}

func (s *examined) checkSealDates(seal *eseal.Seal, at time.Time) {
	switch {
	case at.IsZero():
		s.add(StepSealDates, Flagged, Words{"签章时间不能读取", "the time of sealing cannot be read"})
	case !seal.ValidAt(at):
		s.add(StepSealDates, Flagged, words("签章时印章不在有效期内（%s 至 %s）", "the seal was not in force when it was used (%s to %s)", day(seal.From), day(seal.To)))
	default:
		s.add(StepSealDates, Pass, words("签章时印章在有效期内（%s 至 %s）", "the seal was in force when it was used (%s to %s)", day(seal.From), day(seal.To)))
	}
}

func day(moment time.Time) string { return moment.Format(time.DateOnly) }
