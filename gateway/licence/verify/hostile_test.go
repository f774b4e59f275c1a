package verify_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
)

// part is a file of a container under attack.
type part struct {
	name string
	data []byte
}

// unpacked reads a fixture into its files, in order.
func unpacked(t testing.TB, name string) []part {
	t.Helper()
	contents := fixture(t, name)
	archive, err := zip.NewReader(bytes.NewReader(contents), int64(len(contents)))
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{file.Name, data})
	}
	return parts
}

func packed(t testing.TB, parts []part) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, p := range parts {
		entry, err := archive.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(p.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func with(parts []part, name string, change func([]byte) []byte) []part {
	changed := slices.Clone(parts)
	for i := range changed {
		if changed[i].name == name {
			changed[i].data = change(changed[i].data)
		}
	}
	return changed
}

const (
	signatureXML = "Doc_0/Signs/Sign_0/Signature.xml"
	signedValue  = "Doc_0/Signs/Sign_0/SignedValue.dat"
)

func constant(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }

// Each is refused by the step that met it, never called invalid, and costs little.
func TestHostileContainers(t *testing.T) {
	good := unpacked(t, "v4.ofd")
	bomb := func(files int) []part {
		zeros := make([]byte, 32<<20)
		parts := slices.Clone(good)
		for i := range files {
			parts = append(parts, part{fmt.Sprintf("Doc_0/bomb%d", i), zeros})
		}
		return parts
	}
	references := strings.Repeat(`<Reference FileRef="/OFD.xml"><CheckValue>AA==</CheckValue></Reference>`, 1_000_000)
	many := `<Signature><SignedInfo><References CheckMethod="SM3">` + references + `</References></SignedInfo><SignedValue>/` + signedValue + `</SignedValue></Signature>`
	for name, test := range map[string]struct {
		document  []byte
		step, say string
	}{
		"nothing":            {nil, verify.StepContainer, "not a ZIP"},
		"no zip":             {[]byte("%PDF-1.7 not an OFD at all, but long enough to be looked at"), verify.StepContainer, "not a ZIP"},
		"cut":                {packed(t, good)[:900], verify.StepContainer, "not a ZIP"},
		"twice":              {packed(t, append(slices.Clone(good), good[3])), verify.StepContainer, "stands there twice"},
		"twice by a slash":   {packed(t, append(slices.Clone(good), part{"/OFD.xml", nil})), verify.StepContainer, "stands there twice"},
		"twice by backslash": {packed(t, append(slices.Clone(good), part{`Doc_0\Document.xml`, nil})), verify.StepContainer, "stands there twice"},
		"zip-slip":           {packed(t, append(slices.Clone(good), part{"Doc_0/../../../etc/x", nil})), verify.StepContainer, "leads upwards"},
		"drive":              {packed(t, append(slices.Clone(good), part{`C:\x`, nil})), verify.StepContainer, "names a drive"},
		"bomb":               {packed(t, bomb(4)), verify.StepContainer, "longer than"},
		"bomb that lies":     {lying(t, packed(t, bomb(2))), verify.StepSignatures, "cannot be unpacked"},
		"overlap":            {overlapping(t), verify.StepContainer, "overlap"},
		"no entry point":     {packed(t, good[1:]), verify.StepSignatures, "/OFD.xml"},
		"entities": {packed(t, with(good, "OFD.xml", func(in []byte) []byte {
			return []byte(`<!DOCTYPE a [<!ENTITY b "` + strings.Repeat("x", 1000) + `"><!ENTITY c "&b;&b;&b;">]>` + string(in))
		})), verify.StepSignatures, "declares a document type"},
		"undeclared entity": {packed(t, with(good, "OFD.xml", constant("<OFD>&b;</OFD>"))), verify.StepSignatures, "not well-formed"},
		"deep":              {packed(t, with(good, "OFD.xml", constant(strings.Repeat("<a>", 1000)))), verify.StepSignatures, "limit"},
		"wrong end tag":     {packed(t, with(good, "OFD.xml", constant("<OFD></DocBody>"))), verify.StepSignatures, "of another element"},
		"way out":           {packed(t, with(good, "Doc_0/Signs/Signatures.xml", constant(`<Signatures><Signature ID="1" BaseLoc="../../../x"/></Signatures>`))), verify.StepSignatures, "leads upwards"},
		"many references":   {packed(t, with(good, signatureXML, constant(many))), verify.StepStructure, "limit"},
		"many signatures":   {packed(t, with(good, "Doc_0/Signs/Signatures.xml", constant("<Signatures>"+strings.Repeat(`<Signature BaseLoc="a"/>`, 65)+"</Signatures>"))), verify.StepSignatures, "more than 64"},
		"empty value":       {packed(t, with(good, signedValue, constant(""))), verify.StepStructure, "not one DER sequence"},
		"many files":        {packed(t, lots(20_001)), verify.StepContainer, "more than 20000 files"},
		"long directory":    {packed(t, lots(90_000)), verify.StepContainer, "directory"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			found := report(verifier(fixtureTrust(t)), test.document)
			runtime.ReadMemStats(&after)
			if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 400 {
				t.Errorf("%d MiB were allocated", spent)
			}
			if found.Verdict != verify.CannotBeKnown {
				t.Errorf("%s", found.Verdict)
			}
			step := found.Step(test.step)
			if len(found.Signatures) > 0 {
				step = found.Signatures[0].Step(test.step)
			}
			if step == nil || step.Status != verify.Undecided || !strings.Contains(step.Why.En, test.say) {
				t.Errorf("step %+v in %+v", step, found.Steps)
			}
		})
	}
}

func lots(files int) []part {
	parts := make([]part, files)
	for i := range parts {
		parts[i].name = fmt.Sprintf("Doc_0/%d", i)
	}
	return parts
}

// lying declares every file to be empty.
func lying(t testing.TB, archive []byte) []byte {
	t.Helper()
	lie := bytes.Clone(archive)
	for at := 0; ; {
		next := bytes.Index(lie[at:], []byte("PK\x01\x02"))
		if next < 0 {
			return lie
		}
		at += next + 4
		if at+46 < len(lie) {
			binary.LittleEndian.PutUint32(lie[at+20:], 16)
		}
	}
}

// overlapping points two entries of the directory at the same bytes.
func overlapping(t testing.TB) []byte {
	t.Helper()
	data := []byte("kernel")
	header := func(signature string, central bool, name string) []byte {
		b := append([]byte(signature), 20, 0)
		if central {
			b = append(b, 20, 0)
		}
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(data))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
		b = append(b, 0, 0)
		if central {
			b = append(b, make([]byte, 10)...)
			b = binary.LittleEndian.AppendUint32(b, 0)
		}
		return append(b, name...)
	}
	file := slices.Concat(header("PK\x03\x04", false, "a"), data)
	directory := slices.Concat(header("PK\x01\x02", true, "a"), header("PK\x01\x02", true, "b"))
	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0, 2, 0, 2, 0)
	end = binary.LittleEndian.AppendUint32(end, uint32(len(directory)))
	end = binary.LittleEndian.AppendUint32(end, uint32(len(file)))
	return slices.Concat(file, directory, end, []byte{0, 0})
}

// No changed bit of what was sealed passes: of every sealed file, of Signature.xml and
// of the signature itself, one byte in five; FuzzSealedBytes tries the others.
func TestNoSealedByteCanBeChanged(t *testing.T) {
	parts, trust := unpacked(t, "v4.ofd"), fixtureTrust(t)
	v := verify.NewVerifier(sm.NewVerifier(sm.VerifierOptions{SecondOpinionsPerSecond: 1e9, Burst: 1e6, TotalPerSecond: 1e9, TotalBurst: 1e6}), trust, ofd.Limits{})
	step := 5
	if testing.Short() {
		step = 23
	}
	for _, p := range parts {
		if p.name == "Doc_0/Signs/Signatures.xml" {
			continue // it only lists; what it leads to is sealed
		}
		for at := 0; at < len(p.data); at += step {
			changed := with(parts, p.name, func(data []byte) []byte {
				data = bytes.Clone(data)
				data[at] ^= 1 << (at % 8)
				return data
			})
			if found := report(v, packed(t, changed)); found.Verdict == verify.Valid || found.Verdict == verify.ValidFlagged {
				t.Errorf("byte %d of %s can be changed: %s", at, p.name, found.Verdict)
			}
		}
	}
}
