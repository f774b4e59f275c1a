// Package spreadsheet reads the form in which departments keep their catalogue
// (政务信息资源目录编制表, after the guide 政务信息资源目录编制指南(试行)) and writes it as
// the catalogue's YAML. A form has a row of headings; a row that names a code (代码)
// begins an item, and the rows below it whose code is empty, as merged cells are, add
// fields (信息项) to it.
//
// Every mistake is reported at its sheet, row and column with the rule that it
// breaks, all of them at once, and never with what stands in the cell. It must not
// know how a catalogue is published: what it returns is a file, to be planned and
// applied like one written by hand.
package spreadsheet
