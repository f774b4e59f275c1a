// Package settings reads what the catalogue says of a source: text by name, checked
// when the connector is made, so that a misspelt setting stops the catalogue and not
// somebody's case.
//
// It must not know any protocol; each says which names it knows.
package settings

import (
	"fmt"
	"net/url"
	"strings"
)

// Read puts each given setting where targets says. A name with one of the prefixes
// goes, without it, into that prefix's map. Any other name is an error: it would be
// a misspelt one.
func Read(given map[string]string, targets map[string]*string, prefixes map[string]map[string]string) error {
	for name, value := range given {
		if target, known := targets[name]; known {
			*target = value
			continue
		}
		if !readPrefixed(name, value, prefixes) {
			return fmt.Errorf("setting %q is not one of this protocol's", name)
		}
	}
	return nil
}

func readPrefixed(name, value string, prefixes map[string]map[string]string) bool {
	for prefix, into := range prefixes {
		if rest, is := strings.CutPrefix(name, prefix); is && rest != "" {
			into[rest] = value
			return true
		}
	}
	return false
}

// Required is a setting that must not be empty.
type Required struct{ Name, Value string }

// Complete names the first required setting that is missing.
func Complete(required ...Required) error {
	for _, setting := range required {
		if setting.Value == "" {
			return fmt.Errorf("setting %s is missing", setting.Name)
		}
	}
	return nil
}

// Address checks an http or https address without credentials.
func Address(name, value string) error {
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Errorf("setting %s is not an http or https address without credentials", name)
	}
	return nil
}

// Secret looks up a secret that a setting names. The name may be repeated in an
// error, the secret never is.
func Secret(setting, name string, secrets func(name string) (string, error)) (string, error) {
	if name == "" {
		return "", fmt.Errorf("setting %s is missing: it names a secret", setting)
	}
	found, err := secrets(name)
	if err != nil {
		return "", fmt.Errorf("setting %s: %w", setting, err)
	}
	if found == "" {
		return "", fmt.Errorf("setting %s: the secret is empty", setting)
	}
	return found, nil
}
