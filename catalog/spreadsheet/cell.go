package spreadsheet

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cell is a way to read what stands in a cell, into what the catalogue's YAML has
// there, and to write that again. Reading says whether the text has the form at all;
// the catalogue's own rules come after it.
type cell struct {
	read  func(text string) (value any, ok bool)
	write func(value any) string
}

var text = cell{
	read:  func(text string) (any, bool) { return text, true },
	write: func(value any) string { return fmt.Sprint(value) },
}

var number = cell{
	read: func(text string) (any, bool) {
		n, err := strconv.ParseUint(strings.TrimSuffix(text, ".0"), 10, 31)
		return n, err == nil
	},
	write: func(value any) string { return fmt.Sprint(value) },
}

var flag = cell{
	read: func(text string) (any, bool) {
		value, known := flags[strings.ToLower(text)]
		return value, known
	},
	write: func(value any) string {
		if value == true {
			return "是"
		}
		return "否"
	},
}

var flags = map[string]bool{
	"是": true, "√": true, "y": true, "yes": true, "true": true, "1": true,
	"否": false, "×": false, "n": false, "no": false, "false": false, "0": false,
}

// choice reads a word by one of the names that it has; it is written by the first.
func choice(words []word) cell {
	return cell{
		read: func(text string) (any, bool) {
			at := slices.IndexFunc(words, func(w word) bool { return w.value == text || slices.Contains(w.names, text) })
			if at < 0 {
				return nil, false
			}
			return words[at].value, true
		},
		write: func(value any) string {
			at := slices.IndexFunc(words, func(w word) bool { return w.value == value })
			if at < 0 {
				return fmt.Sprint(value)
			}
			return words[at].names[0]
		},
	}
}

// word is a value of the catalogue and what people call it.
type word struct {
	value string
	names []string
}

var (
	subjects = []word{
		{"111", []string{"公民身份号码", "居民身份证", "自然人"}},
		{"001", []string{"统一社会信用代码", "法人"}},
	}
	sharedTypes = []word{
		{"无条件", []string{"无条件", "无条件共享"}},
		{"有条件", []string{"有条件", "有条件共享"}},
		{"不予", []string{"不予", "不予共享"}},
	}
	openTypes = []word{
		{"无条件开放", []string{"无条件开放"}},
		{"有条件开放", []string{"有条件开放"}},
		{"不予开放", []string{"不予开放", "否", "不开放"}},
	}
	types = []word{
		{"string", []string{"字符型", "字符串", "文本"}},
		{"integer", []string{"整数型", "整型", "整数"}},
		{"decimal", []string{"数值型", "小数"}},
		{"boolean", []string{"布尔型"}},
		{"date", []string{"日期型", "日期"}},
		{"month", []string{"年月型", "年月"}},
		{"datetime", []string{"日期时间型", "日期时间"}},
	}
	digits = []word{
		{"citizen-id", []string{"公民身份号码"}},
		{"credit-code", []string{"统一社会信用代码"}},
	}
)

// list reads several of a kind, apart by a mark of enumeration or on lines of their own.
func list(of cell) cell {
	return cell{
		read: func(text string) (any, bool) {
			found := []any{}
			for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、,\uff0c;\uff1b \n\r\t", r) }) {
				value, ok := of.read(part)
				if !ok {
					return nil, false
				}
				found = append(found, value)
			}
			return found, true
		},
		write: func(value any) string {
			members, _ := value.([]any)
			words := make([]string, len(members))
			for i, member := range members {
				words[i] = of.write(member)
			}
			return strings.Join(words, "、")
		},
	}
}

// settings are name=value, one a line; a value may hold anything but a line's end.
var settings = cell{
	read: func(text string) (any, bool) {
		found := map[string]any{}
		for line := range strings.Lines(text) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if name == "" && !ok {
				continue
			}
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			if _, again := found[name]; !ok || again || name == "" || value == "" {
				return nil, false
			}
			found[name] = value
		}
		return found, true
	},
	write: func(value any) string {
		pairs, _ := value.(map[string]any)
		lines := make([]string, 0, len(pairs))
		for _, name := range slices.Sorted(maps.Keys(pairs)) {
			lines = append(lines, fmt.Sprintf("%s=%v", name, pairs[name]))
		}
		return strings.Join(lines, "\n")
	},
}

// day reads a date as people write one, and as a spreadsheet keeps one: the days since
// the end of 1899.
var day = cell{
	read: func(text string) (any, bool) {
		for _, layout := range []string{time.DateOnly, "2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"} {
			if found, err := time.Parse(layout, text); err == nil {
				return found.Format(time.DateOnly), true
			}
		}
		serial, err := strconv.Atoi(strings.TrimSuffix(text, ".0"))
		if err != nil || serial < 1 || serial > 100_000 {
			return nil, false
		}
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, serial).Format(time.DateOnly), true
	},
	write: func(value any) string { return fmt.Sprint(value) },
}
