package verify_test

import (
	"archive/zip"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

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
			for b.Loop() {
				if found := report(v, document); found.Verdict != verify.Valid && found.Verdict != verify.ValidFlagged {
					b.Fatal(found.Verdict)
				}
			}
		})
	}
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
	file := largeDocument(t, 100<<20)
	before := peakKiB(t)
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	found := verifier(fixtureTrust(t)).Document("test", file, info.Size())
	if covered := len(found.Coverage.Files); found.Verdict == verify.Valid || covered < 4 {
		t.Fatalf("%s, %d files covered", found.Verdict, covered)
	}
	peak := peakKiB(t)
	t.Logf("%d MiB verified; peak memory %d MiB, %d MiB before", info.Size()>>20, peak>>10, before>>10)
	if peak > 64<<10 {
		t.Errorf("peak memory is %d KiB", peak)
	}
}

// largeDocument is a sealed fixture whose page is changed for one that is large and does
// not compress: every step is taken, and the page is read to its end.
func largeDocument(t *testing.T, size int64) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "large.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	archive := zip.NewWriter(file)
	for _, p := range unpacked(t, "v4.ofd") {
		entry, err := archive.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if p.name == "Doc_0/Pages/Page_0/Content.xml" {
			_, err = io.CopyN(entry, rand.NewChaCha8([32]byte{1}), size)
		} else {
			_, err = io.Copy(entry, bytes.NewReader(p.data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
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
