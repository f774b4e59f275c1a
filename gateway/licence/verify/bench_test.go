package verify_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"kapok/crypto/eseal"
	"kapok/crypto/sm"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/verify"
)

// BenchmarkVerify is a full verification, all steps, on one core: files of others where
// they are at hand, and fixtures with their chain and a revocation list.
func BenchmarkVerify(b *testing.B) {
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)
	trust := fixtureTrust(b)
	for name, read := range map[string]func(testing.TB, string) []byte{
		"V4RideRight.ofd": shared, "SESV4SignDoc.ofd": shared, "h.ofd": shared, "v4.ofd": fixture, "signed-data-unsorted.ofd": fixture,
	} {
		b.Run(name, func(b *testing.B) {
			document := read(b, name)
			v := verify.NewVerifier(sm.NewVerifier(sm.VerifierOptions{}), trust, ofd.Limits{})
			b.ReportAllocs()
			b.SetBytes(int64(len(document)))
			rounds, before := 0, processorTime(b)
			for b.Loop() {
				rounds++
				if found := report(v, document); found.Verdict != verify.Valid && found.Verdict != verify.ValidFlagged {
					b.Fatal(found.Verdict)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(rounds), "cpu-ns/op")
		})
	}
}

// processorTime is what this process has used, in ns: a busy machine does not change it
// much.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// TestLargeDocumentIsVerifiedAsAStream verifies 100 MiB on disk and looks at how much
// memory the program has ever had.
func TestLargeDocumentIsVerifiedAsAStream(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 100 MiB are not written")
	}
	if _, inside := os.LookupEnv("KAPOK_LARGE"); !inside {
		t.Skip("make bench-licence runs it, in a process of its own")
	}
	o := newOffice(t)
	file := o.largeDocument(t, 100<<20)
	before := peakKiB(t)
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	found := verifier(o.trust).Document("test", file, info.Size())
	if found.Verdict != verify.Valid || info.Size() < 100<<20 {
		t.Fatalf("%s: %d bytes, %+v", found.Verdict, info.Size(), found.Signatures)
	}
	peak := peakKiB(t)
	t.Logf("%d MiB verified; peak memory %d MiB, %d MiB before", info.Size()>>20, peak>>10, before>>10)
	if peak > 64<<10 {
		t.Errorf("peak memory is %d KiB", peak)
	}
}

// largeDocument seals a document with an attachment that is large and does not compress,
// and writes it piece by piece: what seals documents for issuing holds them in memory.
func (o office) largeDocument(t *testing.T, size int64) *os.File {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	const folder = "Doc_0/Signs/Sign_0"
	large := func() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), size) }
	hash := sm.NewHash()
	_, err := io.Copy(hash, large())
	must(err)
	parts := []part{{folder + "/Seal.esl", o.seal}}
	references := reference("Doc_0/Attachs/large.bin", hash.Sum(nil))
	for _, p := range unpacked(t, "v4.ofd") {
		if !strings.HasPrefix(p.name, "Doc_0/Signs/Sign_0") {
			parts = append(parts, p)
		}
	}
	for _, p := range parts {
		if p.name != "Doc_0/Signs/Signatures.xml" {
			digest := sm.Sum(p.data)
			references += reference(p.name, digest[:])
		}
	}
	text := []byte(`<Signature><SignedInfo><References CheckMethod="SM3">` + references + `</References><Seal><BaseLoc>/` + folder + `/Seal.esl</BaseLoc></Seal></SignedInfo><SignedValue>/` + folder + `/SignedValue.dat</SignedValue></Signature>`)
	digest := sm.Sum(text)
	asked := eseal.ToSign{Seal: o.seal, Certificate: o.cert, At: may, DataHash: digest[:], Property: "/" + folder + "/Signature.xml"}
	tbs, err := asked.Bytes()
	must(err)
	signed, err := o.key.Sign(t.Context(), tbs, sm.DER)
	must(err)
	value, err := asked.Finish(tbs, signed)
	must(err)
	return writeLarge(t, append(parts, part{folder + "/Signature.xml", text}, part{folder + "/SignedValue.dat", value}), large())
}

func reference(name string, digest []byte) string {
	return `<Reference FileRef="/` + name + `"><CheckValue>` + base64.StdEncoding.EncodeToString(digest) + `</CheckValue></Reference>`
}

func writeLarge(t *testing.T, parts []part, large io.Reader) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "large.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	archive := zip.NewWriter(file)
	add := func(name string, from io.Reader) {
		entry, err := archive.Create(name)
		if err == nil {
			_, err = io.Copy(entry, from)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range parts {
		add(p.name, bytes.NewReader(p.data))
	}
	add("Doc_0/Attachs/large.bin", large)
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// peakKiB is the most memory that this process has had (VmHWM), in KiB.
func peakKiB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this system does not tell a process's peak memory")
	}
	for _, line := range strings.Split(string(status), "\n") {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Skip("this system does not tell a process's peak memory")
	return 0
}
