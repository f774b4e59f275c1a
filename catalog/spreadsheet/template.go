package spreadsheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/xuri/excelize/v2"

	"kapok/catalog"
)

// table's sheet in a form that Kapok writes.
const formSheet = "政务信息资源目录"

// Write makes a form (.xlsx) of items, with a sheet that explains the columns. Of none
// it is the template.
func Write(items iter.Seq[*catalog.Item]) ([]byte, error) {
	book := excelize.NewFile()
	defer func() { _ = book.Close() }() // temporary files only
	if err := book.SetSheetName("Sheet1", formSheet); err != nil {
		return nil, err
	}
	if err := writeItems(book, items); err != nil {
		return nil, err
	}
	if err := writeNotes(book); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		return nil, fmt.Errorf("spreadsheet: %w", err)
	}
	return out.Bytes(), nil
}

func writeItems(book *excelize.File, items iter.Seq[*catalog.Item]) error {
	if err := addChoices(book); err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	out, err := book.NewStreamWriter(formSheet)
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, len(columns()), 16); err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}); err != nil {
		return err
	}
	headings := []any{}
	for _, c := range columns() {
		headings = append(headings, excelize.Cell{StyleID: bold, Value: c.title()})
	}
	row := 1
	if err := out.SetRow("A1", headings); err != nil {
		return err
	}
	for item := range items {
		rows, err := rowsOf(item)
		if err != nil {
			return err
		}
		for _, cells := range rows {
			row++
			if err := out.SetRow(fmt.Sprintf("A%d", row), cells); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// title marks what has to be filled in.
func (c column) title() string {
	if c.needed {
		return c.heading + "*"
	}
	return c.heading
}

// rowsOf are an item's rows: its own columns stand in the first.
func rowsOf(item *catalog.Item) ([][]any, error) {
	content, err := json.Marshal(item)
	if err != nil {
		return nil, err
	}
	var filled map[string]any
	if err := json.Unmarshal(content, &filled); err != nil {
		return nil, err
	}
	fields, _ := filled["fields"].([]any)
	rows := make([][]any, 0, len(fields))
	for i, one := range fields {
		cells := make([]any, len(itemColumns))
		if i == 0 {
			cells = cellsOf(itemColumns, filled)
		}
		named, _ := one.(map[string]any)
		rows = append(rows, append(cells, cellsOf(fieldColumns, named)...))
	}
	return rows, nil
}

func cellsOf(of []column, filled map[string]any) []any {
	cells := make([]any, len(of))
	for i, c := range of {
		if value, there := filled[c.key]; there {
			cells[i] = c.cell.write(value)
		}
	}
	return cells
}

// choices are the columns whose cells are picked from a list.
var choices = map[string][]word{"shared_type": sharedTypes, "open_type": openTypes, "type": types, "check": digits}

func addChoices(book *excelize.File) error {
	for i, c := range columns() {
		words, flagged := choices[c.key], c.rule == yesOrNo
		if words == nil && !flagged {
			continue
		}
		names := []string{}
		for _, w := range words {
			names = append(names, w.names[0])
		}
		if flagged {
			names = []string{"是", "否"}
		}
		letter, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		pick := excelize.NewDataValidation(true)
		pick.SetSqref(fmt.Sprintf("%s2:%s%d", letter, letter, maxRows))
		if err := pick.SetDropList(names); err != nil {
			return err
		}
		if err := book.AddDataValidation(formSheet, pick); err != nil {
			return err
		}
	}
	return nil
}

func writeNotes(book *excelize.File) error {
	if _, err := book.NewSheet(notes); err != nil {
		return err
	}
	rows := [][]any{
		{"有代码的一行开始一个条目;其下代码为空的各行,给它增加信息项。带 * 的必填。A row with a code begins an item; rows below it without one add fields to it. * has to be filled in."},
		{"表头", "必填", "规则", "Rule", "示例", "也可写作"},
	}
	for _, c := range columns() {
		rows = append(rows, []any{c.heading, flag.write(c.needed), c.rule.zh, c.rule.en, c.example, list(text).write(anys(c.others))})
	}
	for i, row := range rows {
		if err := book.SetSheetRow(notes, fmt.Sprintf("A%d", i+1), &row); err != nil {
			return err
		}
	}
	return book.SetColWidth(notes, "A", "F", 28)
}

func anys(texts []string) []any {
	found := make([]any, len(texts))
	for i, text := range texts {
		found[i] = text
	}
	return found
}
