package anchor_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kapok/gateway/ledger/anchor"
)

// note is a checkpoint in form; the folder checks no signature.
func note(origin string, size int, root byte) string {
	hash := base64.StdEncoding.EncodeToString(slices.Repeat([]byte{root}, 32))
	signature := base64.StdEncoding.EncodeToString(make([]byte, 68))
	return fmt.Sprintf("%s\n%d\n%s\nsealed 2026-01-02T03:04:05.006Z\n\n— %s/00112233445566778899aabbccddeeff %s\n", origin, size, hash, origin, signature)
}

const originA, originB = "kapok.example.cn/a", "kapok.example.cn/a/2"

func open(t *testing.T, dir string) *anchor.Folder {
	t.Helper()
	folder, err := anchor.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func keep(t *testing.T, folder *anchor.Folder, signed string) {
	t.Helper()
	if err := folder.Keep(signed); err != nil {
		t.Fatal(err)
	}
}

func TestFolderKeepsWhatGoesForward(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "anchors")
	folder := open(t, dir)
	for _, size := range []int{3, 3, 10} {
		keep(t, folder, note(originA, size, 1))
		keep(t, folder, note(originB, size+1, 1))
	}
	for _, again := range []*anchor.Folder{folder, open(t, dir)} {
		for _, back := range []string{note(originA, 9, 1), note(originA, 10, 2)} {
			if err := again.Keep(back); !errors.Is(err, anchor.ErrBack) {
				t.Errorf("it took what goes back: %v", err)
			}
		}
		if last, err := again.Last(originA); err != nil || last != note(originA, 10, 1) {
			t.Errorf("the last is %q, %v", last, err)
		}
	}
	if last, err := folder.Last("kapok.example.cn/other"); err != nil || last != "" {
		t.Errorf("of a log never seen: %q, %v", last, err)
	}
	if all, err := anchor.Read(dir); err != nil || len(all) != 4 {
		t.Errorf("%d records in all, %v", len(all), err)
	}
}

// TestFolderAfterACrash: a record cut short at any byte is dropped, and the file goes on.
func TestFolderAfterACrash(t *testing.T) {
	first, second, third := note(originA, 3, 1), note(originA, 5, 1), note(originA, 9, 1)
	for cut := range len(second) {
		dir := t.TempDir()
		keep(t, open(t, dir), first)
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := os.WriteFile(files[0], []byte(first+second[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		folder := open(t, dir)
		if last, err := folder.Last(originA); err != nil || last != first {
			t.Fatalf("cut at %d: the last is %q, %v", cut, last, err)
		}
		keep(t, folder, third)
		if all, err := anchor.Read(files[0]); err != nil || !slices.Equal(all, []string{first, third}) {
			t.Fatalf("cut at %d: %q, %v", cut, all, err)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte(note(originA, 1, 1) + note(originA, 2, 1)))
	f.Add([]byte(note(originA, 2, 1) + note(originA, 2, 1)))
	f.Add([]byte("a\n1\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := anchor.ReadFile(path)
		if err == nil && !strings.HasPrefix(string(content), strings.Join(records, "")) {
			t.Error("it read what does not stand there")
		}
	})
}
