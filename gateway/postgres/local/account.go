package local

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the server runs as.
type account struct {
	uid, gid uint32
	switched bool // from root, which PostgreSQL refuses to run as
}

// serverAccount is the user of this process, or for root the first of postgres and
// nobody that the machine knows. PostgreSQL needs the account to have a name.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		if _, err := user.Current(); err != nil {
			return account{}, fmt.Errorf("the user id %d has no name on this machine, and PostgreSQL does not start without: run as a user that /etc/passwd knows", os.Geteuid())
		}
		return account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if known, err := user.Lookup(name); err == nil {
			return switchTo(known)
		}
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody: useradd --system postgres")
}

func switchTo(known *user.User) (account, error) {
	uid, err := strconv.ParseUint(known.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("the user id of %s is not a number: %w", known.Username, err)
	}
	gid, err := strconv.ParseUint(known.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("the group id of %s is not a number: %w", known.Username, err)
	}
	return account{uid: uint32(uid), gid: uint32(gid), switched: true}, nil
}

// own makes a folder that only the account may enter.
func (a account) own(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", folder)
	}
	if a.switched {
		if err := os.Chown(folder, int(a.uid), int(a.gid)); err != nil {
			return err
		}
	}
	return os.Chmod(folder, 0o700)
}

// reach makes sure that the account can walk to folder: root keeps its own home
// closed, and a server that runs as another user cannot work in there.
func (a account) reach(folder string) error {
	if !a.switched {
		return nil
	}
	for parent := filepath.Dir(folder); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		if !a.mayEnter(info) {
			return fmt.Errorf("the server runs as another user (PostgreSQL refuses root), who may not enter %s: choose a data folder elsewhere, such as %s, or chmod o+x %s", parent, rootDir, parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

func (a account) mayEnter(info os.FileInfo) bool {
	mode := info.Mode().Perm()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		if stat.Uid == a.uid {
			return mode&0o100 != 0
		}
		if stat.Gid == a.gid {
			return mode&0o010 != 0
		}
	}
	return mode&0o001 != 0
}
