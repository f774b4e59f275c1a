package catalog

import (
	"fmt"
	"maps"
	"regexp"
)

var placeholder = regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)\}`)

// placeholdersKnown checks that every ${NAME} of a text was given to [Load].
func (l *loader) placeholdersKnown(text string) error {
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		if _, given := l.values[found[1]]; !given {
			return fmt.Errorf("no value was given for the placeholder %s", found[1])
		}
	}
	return nil
}

// filled puts the given values in the place of the placeholders.
func (l *loader) filled(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string { return l.values[name[2:len(name)-1]] })
}

// fill makes the installation's own parts: connections, webhooks and issuers. It comes
// after the digest, which speaks of the files.
func (l *loader) fill() {
	for code, item := range l.found.items {
		source, known := l.found.sources[item.Source]
		if !known {
			continue
		}
		settings := maps.Clone(source.Settings)
		maps.Copy(settings, item.SourceSettings)
		for name, text := range settings {
			settings[name] = l.filled(text)
		}
		l.found.connections[code] = Connection{Source: source.ID, Protocol: source.Protocol, Timeout: source.Timeout, Settings: settings}
	}
	for id, source := range l.found.sources {
		settings := maps.Clone(source.Settings)
		for name, text := range settings {
			settings[name] = l.filled(text)
		}
		l.found.settings[id] = settings
	}
	for _, system := range l.found.systems {
		for _, address := range system.Webhooks {
			system.webhooks = append(system.webhooks, l.filled(address))
		}
	}
	staff := make(map[staffKey]*Staff, len(l.found.staff))
	for _, person := range l.found.staff {
		person.Issuer = l.filled(person.Issuer)
		staff[staffKey{person.Issuer, person.Subject}] = person
	}
	l.found.staff = staff
}
