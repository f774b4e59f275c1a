// Bytes and the few codings that FORMAT.md uses. Each reader is strict: what it returns
// is written as what was read.

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

export function fromHex(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Base64 of RFC 4648 §4 with padding, in its one spelling; throws on any other. */
export function fromBase64(encoded: string): Uint8Array {
  const binary = atob(encoded)
  if (btoa(binary) !== encoded) throw new Error('base64')
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/** short(x) of FORMAT.md: one byte of length, then the bytes. */
export function short(bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(bytes.length), bytes)
}

/** Reader takes an encoding apart and throws at its end. */
export class Reader {
  private at = 0
  constructor(private readonly bytes: Uint8Array) {}

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) throw new Error('it ends early')
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  byte(): number {
    return this.take(1)[0]!
  }

  short(): Uint8Array {
    return this.take(this.byte())
  }

  /** A u64 below 2^53, which is all that a time or an index needs. */
  u64(): number {
    const value = new DataView(this.take(8).slice().buffer).getBigUint64(0)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error('a number is too large')
    return Number(value)
  }

  get empty(): boolean {
    return this.at === this.bytes.length
  }
}
