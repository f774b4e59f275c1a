package httpapi

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
)

var beijing = time.FixedZone("CST", 8*60*60)

// exportMost is how many entries one file holds at most, exportPage how many are read at
// once.
const (
	exportMost = 100_000
	exportPage = 500
)

// errTooMany cuts the connection: a file that ends early does not pass for the whole. Who
// has more takes it year by year.
var errTooMany = errors.New("httpapi: a person has more entries than one file takes")

// accessWriter writes entries of a person's record one after another.
type accessWriter interface {
	write(one Access) error
	end() error
}

// accessFormats are the kinds of files, each with its media type and what begins it.
var accessFormats = map[string]struct {
	media string
	begin func(to io.Writer) (accessWriter, error)
}{
	"csv":   {"text/csv; charset=utf-8", newAccessTable},
	"jsonl": {"application/jsonl", newAccessLines},
}

// exportQuestion is what a file is asked for.
type exportQuestion struct {
	Format     string    `form:"format"`
	Department string    `form:"department"`
	Item       string    `form:"item"`
	Kind       string    `form:"kind"` // by commas
	Since      time.Time `form:"since" time_format:"2006-01-02T15:04:05Z07:00"`
	Until      time.Time `form:"until" time_format:"2006-01-02T15:04:05Z07:00"`
}

// exportMyAccesses hands a person the whole of their record, by their filter. That they
// take it stands in it before the first byte leaves. The file is written while it is read:
// an error in its middle cuts the connection, so that half of it does not pass for all.
func (a *api) exportMyAccesses(c *gin.Context) {
	var asked exportQuestion
	if err := c.ShouldBindQuery(&asked); err != nil {
		writeProblem(c, invalid("since, until", "since and until are times of RFC 3339.").Because(err))
		return
	}
	format, known := accessFormats[asked.Format]
	if !known {
		writeProblem(c, invalid("format", "format is csv or jsonl."))
		return
	}
	v := visitOf(c)
	h := handlers{a}
	ctx := c.Request.Context()
	if err := h.recordReading(ctx, v, "my-accesses-export", 0, ledger.Field{Name: "format", Value: asked.Format}); err != nil {
		writeProblem(c, err)
		return
	}
	c.Header("Content-Type", format.media)
	c.Header("Content-Disposition", `attachment; filename="my-record-`+a.now().In(beijing).Format("20060102")+"."+asked.Format+`"`)
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK)
	out, err := format.begin(c.Writer)
	if err == nil {
		err = h.exportAll(ctx, v.session.SubjectRef, accessFilter{department: asked.Department, item: asked.Item, kinds: kindsOf(asked.Kind), since: asked.Since, until: asked.Until}, out)
	}
	if err != nil {
		_ = c.Error(err)
		panic(http.ErrAbortHandler)
	}
}

func kindsOf(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func (h handlers) exportAll(ctx context.Context, subjectRef string, f accessFilter, out accessWriter) error {
	var before postgres.LedgerPlace
	for written := 0; written < exportMost; {
		found, next, more, err := h.accessesOf(ctx, subjectRef, f, before, exportPage)
		if err != nil {
			return err
		}
		for _, one := range found {
			if err := out.write(h.ownAccess(one)); err != nil {
				return err
			}
		}
		if written, before = written+len(found), next; !more {
			return out.end()
		}
	}
	return errors.Join(out.end(), errTooMany)
}

// accessLines is one JSON object a line.
type accessLines struct{ encoder *json.Encoder }

func newAccessLines(to io.Writer) (accessWriter, error) { return accessLines{json.NewEncoder(to)}, nil }

func (l accessLines) write(one Access) error { return l.encoder.Encode(one) }

func (accessLines) end() error { return nil }

// accessTable is a table for spreadsheets, which take UTF-8 for it by its first bytes.
type accessTable struct{ out *csv.Writer }

var accessColumns = []struct {
	heading string
	value   func(Access) string
}{
	{"时间 Time", func(a Access) string { return a.At.In(beijing).Format(time.DateTime) }},
	{"类型 Kind", func(a Access) string { return a.Kind }},
	{"部门 Department", func(a Access) string { return a.Department.Name }},
	{"系统 System", func(a Access) string { return a.System.Name }},
	{"数据 Item", func(a Access) string { return a.Item.Name }},
	{"操作 Operation", func(a Access) string { return a.Operation }},
	{"要求的信息项 Asked", func(a Access) string { return namesOf(a.Asked) }},
	{"返回的信息项 Returned", func(a Access) string { return namesOf(a.Returned) }},
	{"事项 Matter", func(a Access) string { return a.ServiceItem.Name }},
	{"办件编号 Case", func(a Access) string { return a.CaseNo }},
	{"用途 Purpose", func(a Access) string { return a.Purpose.Name }},
	{"依据 Basis", func(a Access) string { return strings.TrimSpace(a.BasisKind + " " + a.BasisID) }},
	{"法律条文 Provision", func(a Access) string { return a.LegalProvision }},
	{"结果 Result", func(a Access) string { return strings.TrimSpace(a.Result + " " + a.Code) }},
	{"存证日志 Log", func(a Access) string { return a.Origin }},
	{"序号 Index", func(a Access) string { return strconv.FormatInt(a.Index, 10) }},
	{"存证 Receipt", func(a Access) string { return a.Receipt }},
}

func newAccessTable(to io.Writer) (accessWriter, error) {
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return nil, err
	}
	out := csv.NewWriter(to)
	headings := make([]string, len(accessColumns))
	for i, column := range accessColumns {
		headings[i] = column.heading
	}
	return accessTable{out}, out.Write(headings)
}

func (t accessTable) write(one Access) error {
	cells := make([]string, len(accessColumns))
	for i, column := range accessColumns {
		cells[i] = plainCell(column.value(one))
	}
	return t.out.Write(cells)
}

func (t accessTable) end() error {
	t.out.Flush()
	return t.out.Error()
}

// plainCell keeps a spreadsheet from taking a text for a formula: a case's number is the
// department's to choose.
func plainCell(text string) string {
	if begin := strings.TrimLeft(text, " \u3000"); begin != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n", []rune(begin)[0]) {
		return "'" + text
	}
	return text
}

func namesOf(fields []NamedField) string {
	names := make([]string, len(fields))
	for i, field := range fields {
		if names[i] = field.Label; names[i] == "" {
			names[i] = field.Name
		}
	}
	return strings.Join(names, "、")
}
