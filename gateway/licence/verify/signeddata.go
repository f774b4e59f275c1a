package verify

import (
	"strings"
	"time"

	"kapok/crypto/eseal"
)

// examineSignedData takes the steps for a signature without a seal (GB/T 35275, GM/T
// 0099-2020, 7.2.2).
func (s *examined) examineSignedData(value []byte) {
	data, err := eseal.ParseSignedData(value)
	if err != nil {
		s.Steps = append(s.Steps, refused(StepStructure, err))
		s.checkReferences()
		return
	}
	s.Kind, s.Oddities = "GB/T 35275-2017", data.Oddities
	s.structure()
	s.checkReferences()
	signed, covers := data.Covers(s.file.Raw)
	if covers {
		s.add(StepDataHash, Pass, Words{"签名内容是 Signature.xml 的 SM3", "what was signed is the SM3 of Signature.xml"})
	} else {
		s.differ(StepDataHash, "/"+s.listed.File, Words{"Signature.xml 在签名后被改动", "Signature.xml was changed after signing"})
	}
	at := data.Time
	if at.IsZero() {
		at = spelt(s.file.Time)
	}
	s.setTime(at)
	signer := s.checkSigned(StepSignature, signed, &s.Signer)
	for _, name := range []string{StepSealFile, StepSealSignature, StepSealOwner, StepSealDates} {
		s.add(name, NotChecked, Words{"数字签名，没有印章", "a digital signature without a seal"})
	}
	s.checkCertificates(at, signer, nil)
	s.add(StepTimeStamp, NotChecked, Words{"没有时间戳", "there is no time-stamp"})
}

// spellings of SignatureDateTime met in real files. A time without a zone is Beijing's.
var spellings = []string{
	"20060102150405Z", "20060102150405.999999999Z", "20060102150405", "20060102150405.999999999",
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339Nano, "2006-01-02T15:04:05Z", "2006/01/02 15:04:05", "2006-01-02",
}

var beijing = time.FixedZone("UTC+8", 8*60*60)

// spelt reads a SignatureDateTime; zero when it is spelt in no way known here.
func spelt(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, layout := range spellings {
		zone := beijing
		if strings.HasSuffix(layout, "Z") {
			zone = time.UTC
		}
		if moment, err := time.ParseInLocation(layout, text, zone); err == nil {
			return moment.UTC()
		}
	}
	return time.Time{}
}
