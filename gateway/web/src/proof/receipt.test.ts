import { describe, expect, it } from 'vitest'
import { commitment, parseEntry } from './entry'
import { fromHex, hex, utf8 } from './bytes'
import { parseBundle, verifyReceipt } from './receipt'
import { sm3 } from './sm'
import { leafHash } from './tree'
import vectors from './testdata/receipts.json'

const roots = parseBundle(utf8(vectors.bundle))

// Made and judged by Kapok's own verifier (gateway/ledger/browser_test.go).
describe('receipts', () => {
  for (const { name, receipt, fails } of vectors.cases) {
    it(name, () => {
      const report = verifyReceipt(utf8(receipt), roots)
      expect(report.steps.find((step) => step.status === 'fail')?.name ?? '').toBe(fails)
      expect(report.ok).toBe(fails === '')
    })
  }

  it('binds every byte', () => {
    const sound = utf8(vectors.cases.find(({ name }) => name === 'true')!.receipt)
    for (let at = 0; at < sound.length; at += 37) {
      const changed = sound.slice()
      changed[at]! ^= 1
      expect(verifyReceipt(changed, roots).ok, `byte ${at}`).toBe(false)
    }
  })

  it('pins nothing, believes nothing', () => {
    const sound = utf8(vectors.cases.find(({ name }) => name === 'true')!.receipt)
    expect(verifyReceipt(sound, []).ok).toBe(false)
  })
})

// FORMAT.md §8.
describe('the vectors of the format', () => {
  const entry = fromHex('0106696e74656e741000112233445566778899aabbccddeeff0000018bcfe5687b01046974656d22a70eee2db8e5ea1a756cecca7af81243299617b02a1552eefbaa0581c69889')

  it('commitment', () => {
    expect(commitment('item', new Uint8Array(16).fill(7), '甲')).toBe('22a70eee2db8e5ea1a756cecca7af81243299617b02a1552eefbaa0581c69889')
  })
  it('entry and leaf', () => {
    expect(parseEntry(entry)).toMatchObject({ kind: 'intent', at: 1700000000123, ref: '00112233445566778899aabbccddeeff' })
    expect(hex(leafHash(entry))).toBe('ce1b8e9aaf501c48d48935d0dab8b73a91d416fa743d9a33d3902f97202e3a5b')
  })
  it('SM3', () => {
    expect(hex(sm3(utf8('abc')))).toBe('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0')
  })
})
