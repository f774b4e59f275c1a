package returns

import "fmt"

// Finding is a rule that a delivery breaks, at its place. It never holds a value.
type Finding struct {
	File  string `json:"file"`           // "" for the manifest
	Line  int64  `json:"line"`           // from 1, the header's included; 0: the file as a whole
	Field string `json:"field"`          // the provider's name of the column, or ""
	Rule  string `json:"rule"`           // stable: see FORMAT.md §5
	Says  string `json:"says,omitempty"` // the rule in words
}

// String has the form that editors jump to.
func (f Finding) String() string {
	text := f.File
	if f.Line > 0 {
		text += fmt.Sprintf(":%d", f.Line)
	}
	if f.Field != "" {
		text += ": " + f.Field
	}
	return text + ": " + f.Rule + ": " + rules[f.Rule] + f.Says
}

// The rules of a delivery's files.
const (
	RuleEncoding   = "encoding"
	RuleColumns    = "columns"
	RuleHeader     = "header"
	RuleQuote      = "quote"
	RuleJSON       = "json"
	RuleLong       = "record-too-long"
	RuleSheet      = "sheet"
	RuleRequired   = "required"
	RuleType       = "type"
	RuleIdentity   = "identity"
	RuleMark       = "mark"
	RuleKeyTwice   = "key-repeated"
	RuleRows       = "manifest-rows"
	RuleSums       = "manifest-sums"
	RuleSize       = "manifest-size"
	RuleDigest     = "manifest-sm3"
	RuleChanged    = "file-changed"
	RuleMissing    = "file-missing"
	RuleLanded     = "landed-differs"
	RuleNothing    = "deletes-nothing"
	RuleClock      = "clock"
	RuleWatermark  = "watermark"
	RuleUnreadable = "unreadable"
	RuleEnded      = "kept-too-long"
)

// rules says each in words.
var rules = map[string]string{
	RuleEncoding:   "the bytes are not of the encoding that the manifest names",
	RuleColumns:    "the line has not as many columns as the header",
	RuleHeader:     "the header is not the list of columns in the manifest",
	RuleQuote:      "a quote stands where RFC 4180 allows none",
	RuleJSON:       "the line is not one JSON object of texts, numbers, booleans and nulls with the manifest's columns",
	RuleLong:       "the record is longer than 1 MiB",
	RuleSheet:      "the workbook cannot be read, or has not exactly one sheet with rows",
	RuleRequired:   "a required value is missing",
	RuleType:       "the value is not what the catalogue describes",
	RuleIdentity:   "the identity number breaks the rule of its type",
	RuleMark:       "the mark is neither U nor D",
	RuleKeyTwice:   "another line has the same keys",
	RuleRows:       "the file has not as many rows as the manifest says",
	RuleSums:       "the column's sum is not the manifest's",
	RuleSize:       "the file has not as many bytes as the manifest says",
	RuleDigest:     "the file's SM3 is not the manifest's",
	RuleChanged:    "the file was changed while it was read",
	RuleMissing:    "the file is not there",
	RuleLanded:     "what was landed is not what was read",
	RuleNothing:    "the row to be deleted is not in the version before",
	RuleClock:      "the manifest's times do not agree with the delivery before it, or run ahead of this clock",
	RuleWatermark:  "the watermark does not begin where the version before ended",
	RuleUnreadable: "the file cannot be read",
	RuleEnded:      "the time for which the data may be kept has ended",
}

// maxFindings is how many are told of one delivery; the count goes on.
const maxFindings = 1000

// Findings gathers what is wrong, up to a bound.
type Findings struct {
	List []Finding `json:"list"`
	More int64     `json:"more"` // how many were left out
}

func (f *Findings) add(one Finding) {
	if len(f.List) < maxFindings {
		f.List = append(f.List, one)
		return
	}
	f.More++
}

func (f *Findings) any() bool { return len(f.List) > 0 }
