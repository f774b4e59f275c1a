// A workbook (ECMA-376) of one table a sheet, with nothing but text and numbers: a zip
// without compression, which is all that a few hundred rows need.

type Cell = string | number
export interface Sheet { name: string; rows: Cell[][] }

const escape = (text: string) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const cell = (value: Cell) => (typeof value === 'number' ? `<c><v>${value}</v></c>` : `<c t="inlineStr"><is><t xml:space="preserve">${escape(value)}</t></is></c>`)
const table = (rows: Cell[][]) => `${head}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows.map((row) => `<row>${row.map(cell).join('')}</row>`).join('')}</sheetData></worksheet>`

export function workbook(sheets: Sheet[]): Uint8Array {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const files: [string, string][] = [
    ['[Content_Types].xml', `${head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/>${sheets.map((_, i) => `<Override PartName="/xl/worksheets/sheet${i + 1}.xml" ContentType="${type}.worksheet+xml"/>`).join('')}</Types>`],
    ['_rels/.rels', `${head}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ['xl/workbook.xml', `${head}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${sheets.map((sheet, i) => `<sheet name="${escape(sheet.name).slice(0, 31)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`).join('')}</sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `${head}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${sheets.map((_, i) => `<Relationship Id="rId${i + 1}" Type="${relations}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`).join('')}</Relationships>`],
    ...sheets.map((sheet, i): [string, string] => [`xl/worksheets/sheet${i + 1}.xml`, table(sheet.rows)]),
  ]
  return zip(files.map(([name, text]) => ({ name: new TextEncoder().encode(name), content: new TextEncoder().encode(text) })))
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n >>> 0
})
const crc = (bytes: Uint8Array) => (bytes.reduce((sum, byte) => crcTable[(sum ^ byte) & 0xff]! ^ (sum >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0

function record(signature: number, parts: [size: 2 | 4, value: number][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + parts.reduce((sum, [size]) => sum + size, 0)))
  view.setUint32(0, signature, true)
  let at = 4
  for (const [size, value] of parts) {
    if (size === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += size
  }
  return new Uint8Array(view.buffer)
}

/** A zip of stored files (APPNOTE 4.3). */
function zip(files: { name: Uint8Array; content: Uint8Array }[]): Uint8Array {
  const out: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let at = 0
  for (const { name, content } of files) {
    const same: [2 | 4, number][] = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 0x21], [4, crc(content)], [4, content.length], [4, content.length], [2, name.length], [2, 0]]
    const local = record(0x04034b50, same)
    directory.push(record(0x02014b50, [[2, 20], ...same, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), name)
    out.push(local, name, content)
    at += local.length + name.length + content.length
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0)
  out.push(...directory, record(0x06054b50, [[2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, at], [2, 0]]))
  const whole = new Uint8Array(out.reduce((sum, part) => sum + part.length, 0))
  out.reduce((place, part) => { whole.set(part, place); return place + part.length }, 0)
  return whole
}
