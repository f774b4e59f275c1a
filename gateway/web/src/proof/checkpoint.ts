import { concat, equal, fromBase64, hex, short, utf8 } from './bytes'
import { sm3, verifies } from './sm'

/** A signed checkpoint (FORMAT.md §4). */
export interface Checkpoint {
  origin: string
  size: number
  root: Uint8Array
  sealed: number // milliseconds
  text: string // what is signed, with its newlines
  keyName: string
  keyID: Uint8Array
  signature: Uint8Array
}

const noteForm = /^((?<origin>[!-*,-~]{1,100})\n(?<size>0|[1-9]\d{0,15})\n(?<root>[^\n]+)\nsealed (?<sealed>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n)\n\u2014 (?<key>[^\s+]+) (?<line>[^\n]+)\n$/u

/** Reads a note of one signature line; checks no signature. */
export function parseCheckpoint(printed: string): Checkpoint {
  const found = noteForm.exec(printed)
  if (!found?.groups || printed.length > 4096) throw new Error('it is not a note with one signature line')
  const { origin, size, root, sealed, key, line } = found.groups as Record<string, string>
  const at = Date.parse(sealed!)
  if (Number.isNaN(at) || new Date(at).toISOString() !== sealed || !Number.isSafeInteger(Number(size))) throw new Error('its text is not a checkpoint')
  const hash = fromBase64(root!)
  const signed = fromBase64(line!)
  if (hash.length !== 32 || signed.length !== 68) throw new Error('its text is not a checkpoint')
  return {
    origin: origin!, size: Number(size), root: hash, sealed: at, text: found[1]!, keyName: key!,
    keyID: signed.subarray(0, 4), signature: signed.subarray(4),
  }
}

/** Throws unless the key of this point signed the checkpoint under its own name. */
export function requireSignature(head: Checkpoint, point: Uint8Array): void {
  const name = head.origin + '/' + hex(sm3(point).subarray(0, 16))
  const id = sm3(concat(utf8(name), Uint8Array.of(0x0a, 0xff), utf8('kapok/sm2-sm3/v1'), point)).subarray(0, 4)
  if (head.keyName !== name || !equal(head.keyID, id)) throw new Error('the note names another key than the certificate does')
  const message = concat(Uint8Array.of(0xff), utf8('KAPOK'), Uint8Array.of(0), short(utf8('kapok/checkpoint/v1')), utf8(head.text))
  if (!verifies(message, head.signature, point)) throw new Error('the signature of the checkpoint does not verify')
}
