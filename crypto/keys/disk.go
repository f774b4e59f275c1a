package keys

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func newSecret(length int) []byte {
	secret := make([]byte, length)
	rand.Read(secret) // never fails: it ends the program instead
	return secret
}

// readSealed refuses a file that others on the machine may read or write.
func readSealed(path string) (sealedFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return sealedFile{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return sealedFile{}, errors.New("keys: the key file is open to others; it must have mode 0600")
	}
	contents, err := os.ReadFile(path)
	if err != nil {
		return sealedFile{}, err
	}
	return parseSealed(contents)
}

// write seals contents into a file beside the real one and then puts it in place:
// a crash leaves the old file or the new one, whole.
func (f *File) write(contents fileContents, place func(from, to string) error) error {
	plaintext, err := json.Marshal(contents)
	if err != nil {
		return err
	}
	sealed, err := f.sealing.seal(plaintext)
	if err != nil {
		return err
	}
	// CreateTemp makes the file with mode 0600.
	file, err := os.CreateTemp(filepath.Dir(f.path), fileName+".*")
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := writeDurably(file, sealed); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if err := place(file.Name(), f.path); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return removeIfLeft(file.Name())
}

func writeDurably(file *os.File, contents []byte) error {
	_, err := file.Write(contents)
	return errors.Join(err, file.Sync(), file.Close())
}

// removeIfLeft removes the second name that a link leaves and a rename does not.
func removeIfLeft(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
