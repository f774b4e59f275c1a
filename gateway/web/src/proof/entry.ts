import { concat, hex, Reader, short, text, utf8 } from './bytes'
import { sm3 } from './sm'

/** An entry of the ledger as it stands in the tree (FORMAT.md §2). */
export interface Entry {
  kind: string
  ref: string
  at: number // milliseconds
  commitments: Map<string, string> // field → commitment in hex
}

const kindForm = /^[a-z][a-z0-9-]{0,63}$/
const nameForm = /^[a-z][a-z0-9_.-]{0,63}$/

/** Reads the one encoding of an entry and refuses every other. */
export function parseEntry(encoded: Uint8Array): Entry {
  const reader = new Reader(encoded)
  if (reader.byte() !== 1) throw new Error('the version is not known')
  const kind = text(reader.short())
  const ref = reader.short()
  const at = reader.u64()
  const count = reader.byte()
  if (!kindForm.test(kind) || (ref.length !== 0 && ref.length !== 16) || count > 128) throw new Error('the head breaks a rule')
  const commitments = new Map<string, string>()
  let before = ''
  for (let i = 0; i < count; i++) {
    const name = text(reader.short())
    if (!nameForm.test(name) || name <= before) throw new Error('the fields are not in ascending order of their names')
    commitments.set(name, hex(reader.take(32)))
    before = name
  }
  if (!reader.empty) throw new Error('something follows the fields')
  return { kind, ref: hex(ref), at, commitments }
}

/** What a field's name, salt and value commit to, in hex. */
export function commitment(name: string, salt: Uint8Array, value: string): string {
  return hex(sm3(concat(utf8('kapok/field/v1'), Uint8Array.of(0), short(utf8(name)), short(salt), utf8(value))))
}
