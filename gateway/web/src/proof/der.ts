import { hex } from './bytes'

/** One element of DER: its tag, its contents, and the whole with tag and length. */
export interface Element {
  tag: number
  contents: Uint8Array
  whole: Uint8Array
}

export const tags = {
  boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utcTime: 0x17, generalTime: 0x18,
  sequence: 0x30, explicit0: 0xa0, explicit3: 0xa3, keyIdentifier: 0x80,
} as const

/** Der walks through a series of elements; lengths are of the shortest form only. */
export class Der {
  private at = 0
  constructor(private readonly bytes: Uint8Array) {}

  get empty(): boolean {
    return this.at === this.bytes.length
  }

  get tag(): number {
    return this.bytes[this.at] ?? -1
  }

  next(tag?: number): Element {
    const start = this.at
    const found = this.one()
    if (tag !== undefined && found !== tag) throw new Error('another element was expected')
    const length = this.length()
    if (this.at + length > this.bytes.length) throw new Error('an element ends early')
    const contents = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return { tag: found, contents, whole: this.bytes.subarray(start, this.at) }
  }

  inside(tag: number): Der {
    return new Der(this.next(tag).contents)
  }

  optional(tag: number): Element | undefined {
    return this.tag === tag ? this.next(tag) : undefined
  }

  end(): void {
    if (!this.empty) throw new Error('something follows')
  }

  private one(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw new Error('an element is missing')
    return byte
  }

  private length(): number {
    const first = this.one()
    if (first < 0x80) return first
    if (first < 0x81 || first > 0x83) throw new Error('a length cannot be read')
    let length = 0
    for (let i = 0; i < first - 0x80; i++) length = length * 256 + this.one()
    if (length < 0x80 || length < 256 ** (first - 0x81)) throw new Error('a length is not of its shortest form')
    return length
  }
}

/** An object identifier as the hex of its contents. */
export const oid = (der: Der): string => hex(der.next(tags.oid).contents)

/** A BIT STRING without unused bits. */
export function bits(der: Der): Uint8Array {
  const contents = der.next(tags.bits).contents
  if (contents[0] !== 0) throw new Error('a bit string has unused bits')
  return contents.subarray(1)
}

/** r ‖ s of 64 bytes out of SEQUENCE { INTEGER r, INTEGER s }. */
export function signatureOf(encoded: Uint8Array): Uint8Array {
  const outer = new Der(encoded)
  const pair = outer.inside(tags.sequence)
  outer.end()
  const out = new Uint8Array(64)
  for (const end of [32, 64]) {
    let number = pair.next(tags.integer).contents
    if (number[0]! >= 0x80) throw new Error('a number is negative')
    if (number[0] === 0) {
      if (number.length > 1 && number[1]! < 0x80) throw new Error('a number is not of its shortest form')
      number = number.subarray(1)
    }
    if (number.length > 32) throw new Error('a number is too long')
    out.set(number, end - number.length)
  }
  pair.end()
  return out
}

/** UTCTime or GeneralizedTime in the one form of DER, in milliseconds. */
export function time(der: Der): number {
  const { tag, contents } = der.next()
  const printed = String.fromCharCode(...contents)
  const form = tag === tags.utcTime ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : tag === tags.generalTime ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : null
  const parts = form?.exec(printed)?.slice(1).map(Number)
  if (!parts) throw new Error('a time cannot be read')
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number]
  const full = tag === tags.utcTime ? (year < 50 ? 2000 + year : 1900 + year) : year
  return Date.UTC(full, month - 1, day, hour, minute, second)
}
