package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// rootDir is where root's server keeps its data unless told otherwise.
const rootDir = "/var/lib/kapok/postgres"

// DefaultDir is a folder for the server's data that outlives a working copy and
// that the server's user can reach: under /var/lib for root, else in the user's
// own state folder.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		return rootDir, nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "kapok", "postgres"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("local: no home folder to keep the data in: %w", err)
	}
	return filepath.Join(home, ".local", "state", "kapok", "postgres"), nil
}

// layout is what lies in Options.Dir. The folder itself and the files in it belong
// to the user of this process; only data and run belong to the server's account,
// so that root never writes where another account could have laid a link.
type layout struct {
	dir string
}

func newLayout(dir string, a account) (layout, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return layout{}, err
	}
	mode := fs.FileMode(0o700)
	if a.switched {
		mode = 0o711 // the server walks through it and may not list it
	}
	if err := os.MkdirAll(absolute, 0o755); err != nil {
		return layout{}, err
	}
	if err := os.Chmod(absolute, mode); err != nil {
		return layout{}, err
	}
	return layout{dir: absolute}, a.reach(filepath.Join(absolute, "data"))
}

func (l layout) data() string       { return filepath.Join(l.dir, "data") }
func (l layout) unfinished() string { return filepath.Join(l.dir, "data.unfinished") } // initdb's work until it is complete
func (l layout) socket() string     { return filepath.Join(l.dir, "run") }
func (l layout) socketNote() string { return filepath.Join(l.dir, "socket-folder") } // where the socket lies when run is too long a path
func (l layout) log() string        { return filepath.Join(l.dir, "server.log") }
func (l layout) hba() string        { return filepath.Join(l.dir, "pg_hba.conf") }
func (l layout) ident() string      { return filepath.Join(l.dir, "pg_ident.conf") }

// written is the major version that wrote the data folder; 0: there is none yet.
func (l layout) written() (int, error) {
	text, err := os.ReadFile(filepath.Join(l.data(), "PG_VERSION"))
	if err == nil {
		major, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return 0, fmt.Errorf("%s holds no version number: this is not a data folder that PostgreSQL 10 or newer wrote", l.data())
		}
		return major, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if _, err := os.Lstat(l.data()); err == nil {
		return 0, fmt.Errorf("%s exists, but PostgreSQL did not write it: move it away or choose another folder", l.data())
	}
	return 0, nil
}

// socketLimit is the longest path of a Unix socket that every system takes: 107
// bytes on Linux, 103 on macOS.
const socketLimit = 103

// The name of the socket is made of the port, which counts for nothing else.
const (
	port       = 5432
	socketName = ".s.PGSQL.5432"
)

// socketFolder is run beside the data, or, where its path is too long, a new short
// one, noted so that the next start can remove it should this one not come to it.
func (l layout) socketFolder(a account) (string, error) {
	l.forgetSocketFolder()
	folder := l.socket()
	if len(filepath.Join(folder, socketName)) > socketLimit {
		short, err := os.MkdirTemp(shortFolder, shortPrefix)
		if err != nil {
			return "", err
		}
		folder = short
	}
	if err := a.own(folder); err != nil {
		return "", err
	}
	return folder, os.WriteFile(l.socketNote(), []byte(folder), 0o600)
}

const (
	shortFolder = "/tmp"
	shortPrefix = "kapok-"
)

// forgetSocketFolder removes the short folder of the last start if it is empty.
func (l layout) forgetSocketFolder() {
	noted, err := os.ReadFile(l.socketNote())
	if err == nil && strings.HasPrefix(string(noted), shortFolder+"/"+shortPrefix) {
		_ = syscall.Rmdir(string(noted)) // in use or gone: nothing to do either way
	}
}
