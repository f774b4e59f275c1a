package local

import (
	"os"
	"path/filepath"
)

// Dir is preferred where the server's account can reach it; else, as for root with a
// working copy in its closed home, a folder of that name under [DefaultDir].
func Dir(preferred, name string) (string, error) {
	absolute, err := filepath.Abs(preferred)
	if err != nil {
		return "", err
	}
	a, err := serverAccount()
	if err != nil {
		return "", err
	}
	if a.canReach(filepath.Dir(absolute)) {
		return absolute, nil
	}
	elsewhere, err := DefaultDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(elsewhere, name), nil
}

// canReach looks at what exists of the way to a folder; the rest will be made.
func (a account) canReach(folder string) bool {
	for folder != filepath.Dir(folder) && !exists(folder) {
		folder = filepath.Dir(folder)
	}
	return a.reach(filepath.Join(folder, "x")) == nil
}

func exists(folder string) bool {
	_, err := os.Stat(folder)
	return err == nil
}
