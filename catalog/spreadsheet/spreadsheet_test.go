package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"kapok/catalog"
)

var trial = map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"}

func example(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(catalog.Example(), trial)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rowsOfTemplate are the headings, as the template has them.
func headings(t testing.TB) []string {
	t.Helper()
	content, err := Write(func(func(*catalog.Item) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	sheets, err := Open("template.xlsx", content)
	if err != nil || sheets[0].Name != formSheet || len(sheets) != 2 {
		t.Fatalf("the template: %v, %v", sheets, err)
	}
	return sheets[0].Rows[0]
}

// filled is a row with some cells, by heading.
func filled(t testing.TB, cells map[string]string) []string {
	t.Helper()
	row := make([]string, len(columns()))
	for heading, content := range cells {
		at, known := columnNamed(heading)
		if !known {
			t.Fatalf("no heading %s", heading)
		}
		row[at] = content
	}
	return row
}

func sound() map[string]string {
	return map[string]string{
		"代码": "1010010001/000777", "版本": "1", "名称": "测试条目", "提供方": "广州市天河区民政局", "摘要": "摘要", "格式": "接口", "查询主体": "公民身份号码",
		"共享类型": "有条件", "共享条件": "条件", "共享方式": "接口", "更新周期": "每日", "发布日期": "2025/8/1", "使用条件": "仅限本案", "数源": "national-platform",
		"数源参数": "sid=sid-mca-assistance-0002\nsubject_param=SFZH\nrecords=/data/records\nas_of=/data/asOf", "字段名": "name", "信息项名称": "姓名", "数据类型": "字符型", "必填": "是", "数源字段名": "XM",
	}
}

func but(cells map[string]string, changes ...string) map[string]string {
	changed := maps.Clone(cells)
	for i := 0; i < len(changes); i += 2 {
		changed[changes[i]] = changes[i+1]
	}
	return changed
}

func asCSV(t testing.TB, rows [][]string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asXLSX(t testing.TB, rows [][]string) []byte {
	t.Helper()
	book := excelize.NewFile()
	for i, row := range rows {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tenMistakes is a form with a title, a blank row, and ten mistakes of ten kinds.
func tenMistakes(t testing.TB) [][]string {
	field := func(changes ...string) []string {
		return filled(t, but(map[string]string{"字段名": "one", "信息项名称": "一", "数据类型": "字符型"}, changes...))
	}
	return [][]string{
		{"天河区政务信息资源目录编制表"},
		nil,
		headings(t),
		filled(t, sound()),
		field("字段名", "Secret-Name"), // 5: not a field's name
		field("字段名", "two", "数据类型", "文字型的"),                              // 6: no such type
		field("字段名", "three", "取值格式", "["),                               // 7: no expression
		field("字段名", "four", "数源字段名", "XM"),                              // 8: the source's name of row 4
		field("字段名", "five", "数据类型", "整数型", "最小值", "9", "最大值", "8"),      // 9: bounds
		filled(t, but(sound(), "代码", "101-777")),                         // 10: not a code
		filled(t, but(sound(), "代码", "1010010001/000778", "提供方", "无此局")), // 11: no such department
		filled(t, but(sound(), "代码", "1010010001/000779", "发布日期", "2025-02-30")),
		filled(t, but(sound(), "代码", "1010010001/000777")), // 13: the code of row 4
		filled(t, but(sound(), "代码", "1010010001/000780", "名称", "", "缓存时长", "10m")),
	}
}

func TestTenMistakesGiveTenLocatedErrors(t *testing.T) {
	want := []string{"V5", "X6", "AA7", "AB8", "AE9", "A10", "D11", "L12", "A13", "C14"}
	rows := tenMistakes(t)
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(asCSV(t, rows))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []struct {
		name, file, sheet string
		content           []byte
	}{
		{"xlsx", "f.xlsx", "Sheet1", asXLSX(t, rows)},
		{"csv", "f.csv", "f.csv", asCSV(t, rows)},
		{"csv with a byte order mark", "f.csv", "f.csv", append([]byte("\xef\xbb\xbf"), asCSV(t, rows)...)},
		{"csv in GB18030", "f.CSV", "f.CSV", gb},
	} {
		t.Run(form.name, func(t *testing.T) {
			sheets, err := Open(form.file, form.content)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Read(sheets, example(t), trial)
			found, _ := errors.AsType[Problems](err)
			var cells []string
			for _, problem := range found {
				cells = append(cells, problem.Cell())
				if problem.Sheet != form.sheet || problem.Zh == "" || problem.En == "" || problem.Heading == "" {
					t.Errorf("%+v", problem)
				}
			}
			if diff := cmp.Diff(want, cells); diff != "" {
				t.Errorf("cells (-want +got):\n%s\n%v", diff, err)
			}
			for _, value := range []string{"Secret-Name", "文字型的", "101-777", "无此局", "02-30"} {
				if strings.Contains(fmt.Sprint(err), value) {
					t.Errorf("the errors echo %q", value)
				}
			}
		})
	}
}

// TestTheCatalogueGoesThroughTheForm: written as a form and read again, the catalogue
// has the same digest.
func TestTheCatalogueGoesThroughTheForm(t *testing.T) {
	before := example(t)
	content, err := Write(before.Items())
	if err != nil {
		t.Fatal(err)
	}
	sheets, err := Open("all.xlsx", content)
	if err != nil {
		t.Fatal(err)
	}
	rows := sheets[0].Rows
	for name, content := range map[string][]byte{"all.xlsx": content, "all.csv": asCSV(t, rows)} {
		if sheets, err = Open(name, content); err != nil {
			t.Fatal(err)
		}
		items, err := Read(sheets, before, trial)
		if err != nil {
			t.Fatalf("%s:\n%v", name, err)
		}
		if got, want := len(items.Codes), len(slices.Collect(before.Items())); got != want {
			t.Errorf("%d items came back of %d", got, want)
		}
		files, err := before.FilesBut(func(section, _ string) bool { return section == "items" })
		if err != nil {
			t.Fatal(err)
		}
		files["form.yaml"] = items.YAML
		after, err := catalog.LoadFiles(files, trial)
		if err != nil {
			t.Fatal(err)
		}
		if after.Digest() != before.Digest() {
			changes, _ := catalog.Plan(before, after)
			t.Errorf("%s: came back otherwise: %+v", name, changes)
		}
	}
}

func TestForms(t *testing.T) {
	field := map[string]string{"字段名": "one", "信息项名称": "一", "数据类型": "字符型"}
	for _, c := range []struct {
		name string
		rows [][]string
		want string // the problems; "" for none
	}{
		{"sound", [][]string{headings(t), filled(t, sound()), nil, filled(t, field)}, ""},
		{"other names of headings", [][]string{replaced(headings(t), "代码*", " 信息资源代码(必填) "), filled(t, sound())}, ""},
		{"days since 1899", [][]string{headings(t), filled(t, but(sound(), "发布日期", "45870"))}, ""},
		{"not shared", [][]string{headings(t), filled(t, but(sound(), "共享类型", "不予共享", "数源", "", "数源参数", ""))}, ""},
		{"not shared, with a source", [][]string{headings(t), filled(t, but(sound(), "共享类型", "不予"))}, "T2 U2"},
		{"shared without a source", [][]string{headings(t), filled(t, but(sound(), "数源", ""))}, "T2"},
		{"an unknown source and related item", [][]string{headings(t), filled(t, but(sound(), "数源", "nowhere", "关联资源代码", "1010010001/999999"))}, "M2 T2"},
		{"related within the form", [][]string{headings(t), filled(t, sound()), filled(t, but(sound(), "代码", "1010010001/000778", "关联资源代码", "1010010001/000777"))}, ""},
		{"no headings", [][]string{{"a", "b"}, {"c"}}, ""},
		{"a strange and a double heading", [][]string{append(headings(t), "座右铭", "名称"), filled(t, sound())}, "AF1 AG1"},
		{"a heading is missing", [][]string{replaced(headings(t), "摘要*", ""), filled(t, but(sound(), "摘要", ""))}, "1"},
		{"a cell beside the headings", [][]string{headings(t), append(filled(t, sound()), "多写的")}, "AF2"},
		{"a field before any item", [][]string{headings(t), filled(t, field)}, "2"},
		{"an item's content without its code", [][]string{headings(t), filled(t, sound()), filled(t, but(field, "名称", "漏写代码"))}, "C3"},
		{"no field", [][]string{headings(t), filled(t, but(sound(), "字段名", "", "信息项名称", "", "数据类型", "", "必填", "", "数源字段名", ""))}, "V2"},
		{"a field twice", [][]string{headings(t), filled(t, sound()), filled(t, but(field, "字段名", "name"))}, "V3"},
		{"a placeholder that nobody knows", [][]string{headings(t), filled(t, but(sound(), "数源参数", "url=${NOWHERE}"))}, "U2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sheets, err := Open("f.xlsx", asXLSX(t, c.rows))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Read(sheets, example(t), trial)
			found, _ := errors.AsType[Problems](err)
			var cells []string
			for _, problem := range found {
				cells = append(cells, problem.Cell())
			}
			if got := strings.Join(cells, " "); got != c.want || err != nil && found == nil {
				t.Errorf("problems at %q, want %q:\n%v", got, c.want, err)
			}
			if c.name == "no headings" && (len(found) != 1 || found[0].Sheet != "Sheet1") {
				t.Errorf("%v", err)
			}
		})
	}
}

func replaced(row []string, from, to string) []string {
	changed := slices.Clone(row)
	changed[slices.Index(changed, from)] = to
	return changed
}

func TestFilesThatAreNoForms(t *testing.T) {
	for name, content := range map[string]string{
		"f.xlsx": "PK\x03\x04 nothing", "g.xlsx": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "f.xls": "x", "f": "x", "f.csv": "a,b\n\"c\n", "g.csv": "\xff\xff\xff",
	} {
		_, err := Open(name, []byte(content))
		if _, located := errors.AsType[Problems](err); !located && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open("f.csv", make([]byte, MaxBytes+1)); !errors.Is(err, ErrFormat) {
		t.Errorf("too many bytes: %v", err)
	}
}

func TestRowsOfCSVAreCountedAsPeopleSeeThem(t *testing.T) {
	_, err := Open("f.csv", []byte("a\n\n\"b\nb\"\n\nc,\"d"))
	found, _ := errors.AsType[Problems](err)
	if len(found) != 1 || found[0].Row != 5 {
		t.Errorf("%v", err)
	}
	sheets, err := Open("f.csv", []byte("a\r\n\r\n\"b\r\nb\"\r\n\r\nc"))
	if err != nil || sheets[0].cell(5, 1) != "c" || sheets[0].cell(3, 1) != "b\nb" {
		t.Errorf("%q, %v", sheets, err)
	}
}

// TestHostileWorkbooks: what unpacks to more than a form can be is refused, soon.
func TestHostileWorkbooks(t *testing.T) {
	start := time.Now()
	row := `<row><c t="inlineStr"><is><t>x</t></is></c></row>`
	for name, sheet := range map[string]func(io.Writer){
		"a million rows": func(out io.Writer) { repeat(out, row, 1_000_000) },
		"one row, last":  func(out io.Writer) { repeat(out, strings.Replace(row, "<row", `<row r="1048576"`, 1), 1) },
		"wide":           func(out io.Writer) { repeat(out, strings.Replace(row, "<c ", `<c r="XFD1" `, 1), 1) },
		"a bomb":         func(out io.Writer) { repeat(out, strings.Repeat(" ", 1<<20), 400) },
	} {
		content := workbook(t, sheet)
		if len(content) > MaxBytes {
			t.Fatalf("%s: packed %d bytes", name, len(content))
		}
		sheets, err := Open("f.xlsx", content)
		if err == nil {
			_, err = Read(sheets, example(t), trial)
		}
		if _, located := errors.AsType[Problems](err); !located && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Logf("%v", time.Since(start))
}

func repeat(out io.Writer, text string, times int) {
	for range times {
		_, _ = io.WriteString(out, text)
	}
}

// workbook is the least that a workbook has, with a sheet as it is told.
func workbook(t *testing.T, sheet func(io.Writer)) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for name, content := range map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
	} {
		part, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, content)
	}
	part, err := archive.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	sheet(part)
	_, _ = io.WriteString(part, `</sheetData></worksheet>`)
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("代码,名称,字段名\n1,2,3\n\n\"a\nb\",c"))
	f.Add([]byte("\xef\xbb\xbf\"\r\n\""))
	known := example(f)
	f.Fuzz(func(t *testing.T, content []byte) {
		sheets, err := Open("f.csv", content)
		if err != nil {
			return
		}
		_, _ = Read(sheets, known, trial) // must return
	})
}
