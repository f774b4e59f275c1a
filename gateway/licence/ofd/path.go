package ofd

import (
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// entryName turns a name of the ZIP into the path of GB/T 33190 without the leading
// slash. Makers on Windows write backslashes, and names in GB 18030.
func entryName(name string) (clean string, odd string, err error) {
	if !utf8.ValidString(name) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().String(name)
		if err != nil {
			return "", "", refuse(ErrContainer, "a file's name cannot be read as text")
		}
		name, odd = decoded, "a file's name is in GB 18030"
	}
	if strings.ContainsRune(name, '\\') {
		name, odd = strings.ReplaceAll(name, `\`, "/"), "a file's name has backslashes"
	}
	clean, err = cleanPath(name)
	return clean, odd, err
}

// cleanPath refuses what leads out of the container, and what a file system would
// read otherwise than we do.
func cleanPath(name string) (string, error) {
	if strings.ContainsAny(name, "\x00") || len(name) > 1024 {
		return "", refuse(ErrPath, "a name has a zero byte or is longer than 1,024 bytes")
	}
	trimmed := strings.TrimLeft(name, "/")
	clean := path.Clean(trimmed)
	if clean == ".." || strings.HasPrefix(clean, "../") || len(trimmed) > 1 && trimmed[1] == ':' {
		return "", refuse(ErrPath, "a name leads upwards or names a drive")
	}
	return clean, nil
}

// Resolve reads a location (ST_Loc) that stands in file: from the root when it begins
// with a slash, else beside file.
func Resolve(file, location string) (string, error) {
	location = strings.ReplaceAll(strings.TrimSpace(location), `\`, "/")
	if location == "" {
		return "", refuse(ErrPath, "a location is empty")
	}
	if strings.HasPrefix(location, "/") {
		return cleanPath(location)
	}
	return cleanPath(path.Join(path.Dir(file), location))
}
