package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// scalar reads text of one line or more and applies the checks in order.
func (r *record) scalar(key string, node *yaml.Node, checks []check) (string, bool) {
	text, ok := textOf(node)
	if !ok {
		r.loader.report(placeOf(r.file, node), "%s: text is needed; put numbers and dates in quotes", key)
		return "", false
	}
	if strings.TrimSpace(text) == "" {
		r.loader.report(placeOf(r.file, node), "%s: the text is empty", key)
		return "", false
	}
	for _, check := range checks {
		if err := check(text); err != nil {
			r.loader.report(placeOf(r.file, node), "%s: %v", key, err)
			return "", false
		}
	}
	return text, true
}

// textOf is the text of a scalar. Dates are text here; numbers, truths and nothing are
// not, and neither is what has a tag, an anchor or an alias.
func textOf(node *yaml.Node) (string, bool) {
	if node.Kind != yaml.ScalarNode || node.Anchor != "" || node.Style&yaml.TaggedStyle != 0 || node.Tag != "!!str" && node.Tag != "!!timestamp" {
		return "", false
	}
	if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return strings.TrimSpace(node.Value), true
	}
	return node.Value, true
}

// text reads a key that must be there.
func (r *record) text(key string, checks ...check) string {
	node, present := r.needed(key)
	if !present {
		return ""
	}
	text, _ := r.scalar(key, node, checks)
	return text
}

// optional reads a key that may be absent.
func (r *record) optional(key string, checks ...check) string {
	node, present := r.value(key)
	if !present {
		return ""
	}
	text, _ := r.scalar(key, node, checks)
	return text
}

// flag reads true or false; absent is false.
func (r *record) flag(key string) bool {
	node, present := r.value(key)
	if !present {
		return false
	}
	if node.Kind != yaml.ScalarNode || node.Style != 0 || node.Value != "true" && node.Value != "false" {
		r.loader.report(placeOf(r.file, node), "%s: true or false is needed", key)
		return false
	}
	return node.Value == "true"
}

// number reads a whole number from 1 up.
func (r *record) number(key string) int {
	node, present := r.needed(key)
	if !present {
		return 0
	}
	if node.Kind == yaml.ScalarNode && node.Style == 0 {
		if value, err := strconv.Atoi(node.Value); err == nil && value >= 1 && value <= 1_000_000_000 {
			return value
		}
	}
	r.loader.report(placeOf(r.file, node), "%s: a whole number from 1 to 1000000000 is needed", key)
	return 0
}

// elements returns the members of a list that must be there; it may be empty.
func (r *record) elements(key string) []*yaml.Node {
	node, present := r.needed(key)
	if !present {
		return nil
	}
	if node.Kind != yaml.SequenceNode || node.Anchor != "" {
		r.loader.report(placeOf(r.file, node), "%s: a list is needed", key)
		return nil
	}
	return node.Content
}

// texts reads a list of different texts.
func (r *record) texts(key string, checks ...check) []string {
	found := []string{}
	for _, node := range r.elements(key) {
		text, ok := r.scalar(key, node, checks)
		if !ok {
			continue
		}
		if slices.Contains(found, text) {
			r.loader.report(placeOf(r.file, node), "%s: %q stands here twice", key, text)
			continue
		}
		found = append(found, text)
	}
	return found
}

// records reads a list of mappings.
func (r *record) records(key string, read func(*record)) {
	for _, node := range r.elements(key) {
		if inner, ok := newRecord(r.loader, r.file, node); ok {
			read(inner)
			inner.close()
		}
	}
}

// inner reads a mapping that may be absent.
func (r *record) inner(key string, read func(*record)) {
	node, present := r.value(key)
	if !present {
		return
	}
	if inner, ok := newRecord(r.loader, r.file, node); ok {
		read(inner)
		inner.close()
	}
}

// list reads a list of mappings that may be absent.
func (r *record) list(key string, read func(*record)) {
	if _, present := r.value(key); present {
		r.records(key, read)
	}
}

// count reads a whole number from 1 up that may be absent, which is 0.
func (r *record) count(key string) int {
	if _, present := r.value(key); !present {
		return 0
	}
	return r.number(key)
}

// percent reads a whole number from 1 to 100 that may be absent, which is the usual target.
func (r *record) percent(key string) int {
	node, present := r.value(key)
	if !present {
		return usualTarget
	}
	found := r.number(key)
	if found > 100 {
		r.loader.report(placeOf(r.file, node), "%s: at most 100", key)
	}
	return found
}

// span reads a duration above 0 that may be absent, which is 0.
func (r *record) span(key string, longest time.Duration) time.Duration {
	var found time.Duration
	r.optional(key, func(text string) (err error) {
		if found, err = time.ParseDuration(text); err != nil || found <= 0 || found > longest {
			return fmt.Errorf("%q is not a duration above 0 and up to %v", text, longest)
		}
		return nil
	})
	return found
}

// settings reads a mapping of text to text whose placeholders are all known.
func (r *record) settings(key string) map[string]string {
	found := map[string]string{}
	node, present := r.value(key)
	if !present {
		return found
	}
	inner, ok := newRecord(r.loader, r.file, node)
	if !ok {
		return found
	}
	for _, m := range inner.members {
		found[m.key.Value] = inner.text(m.key.Value, r.loader.placeholdersKnown)
	}
	return found
}

// date reads a day as YYYY-MM-DD.
func (r *record) date(key string) time.Time {
	return r.instant(key, time.DateOnly, "a day as YYYY-MM-DD")
}

// moment reads a time as RFC 3339 with its zone.
func (r *record) moment(key string) time.Time {
	return r.instant(key, time.RFC3339, "a time as RFC 3339, with its zone")
}

func (r *record) instant(key, layout, explained string) time.Time {
	var found time.Time
	r.text(key, func(text string) (err error) {
		if found, err = time.Parse(layout, text); err != nil {
			return fmt.Errorf("%q is not %s", text, explained)
		}
		return nil
	})
	return found.UTC()
}

// timeout reads a duration of at most a minute.
func (r *record) timeout(key string) time.Duration {
	var found time.Duration
	r.text(key, func(text string) (err error) {
		if found, err = time.ParseDuration(text); err != nil || found <= 0 || found > time.Minute {
			return fmt.Errorf("%q is not a duration above 0 and up to 1m", text)
		}
		return nil
	})
	return found
}
