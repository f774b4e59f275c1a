import { fromBase64, hex, text } from './bytes'
import { operationalKey } from './certificate'
import { parseCheckpoint, requireSignature, type Checkpoint } from './checkpoint'
import { commitment, parseEntry, type Entry } from './entry'
import { sm3 } from './sm'
import { includes, leafHash } from './tree'

// The verification of a receipt in the browser, by gateway/ledger/FORMAT.md §7 and by
// nothing of Kapok's own code.

/** The steps, in the order of FORMAT.md §7; kapok-verify prints the same names. */
export const stepNames = ['form', 'entry', 'checkpoint', 'certificates', 'signature', 'inclusion', 'openings', 'time'] as const
export type StepName = (typeof stepNames)[number]

export interface Step {
  name: StepName
  status: 'pass' | 'fail' | 'skipped'
  why: string // of a failure: a developer's words
}

export interface Report {
  ok: boolean
  steps: Step[]
  told?: { kind: string; ref: string; at: number; sealed: number; origin: string; index: number; size: number; shown: [string, string][]; hidden: string[] }
}

interface Receipt {
  chain: string[]
  checkpoint: string
  entry: string
  index: number
  kind: string
  openings: { name: string; salt: string; value: string }[]
  proof: string[]
  v: number
}

interface Run {
  raw: Uint8Array
  roots: Uint8Array[]
  receipt?: Receipt
  encoded?: Uint8Array
  entry?: Entry
  head?: Checkpoint
  point?: Uint8Array
}

const longest = 1 << 20

const steps: { name: StepName; needs: StepName[]; check: (run: Run) => void }[] = [
  { name: 'form', needs: [], check: form },
  { name: 'entry', needs: ['form'], check: (run) => { run.encoded = fromBase64(run.receipt!.entry); run.entry = parseEntry(run.encoded) } },
  { name: 'checkpoint', needs: ['form'], check: (run) => { run.head = parseCheckpoint(run.receipt!.checkpoint) } },
  { name: 'certificates', needs: ['checkpoint'], check: (run) => { run.point = operationalKey(run.receipt!.chain.map(fromBase64), run.roots, run.head!.sealed) } },
  { name: 'signature', needs: ['certificates'], check: (run) => requireSignature(run.head!, run.point!) },
  { name: 'inclusion', needs: ['entry', 'checkpoint'], check: inclusion },
  { name: 'openings', needs: ['entry'], check: openings },
  { name: 'time', needs: ['entry', 'checkpoint'], check: (run) => { if (run.entry!.at > run.head!.sealed) throw new Error('the entry is younger than its sealing') } },
]

/** Checks a receipt against pinned roots (DER) and nothing else. It never throws. */
export function verifyReceipt(raw: Uint8Array, roots: Uint8Array[]): Report {
  const run: Run = { raw, roots }
  const passed = new Set<StepName>()
  const done = steps.map(({ name, needs, check }): Step => {
    if (!needs.every((needed) => passed.has(needed))) return { name, status: 'skipped', why: 'a step before it failed' }
    try {
      check(run)
      passed.add(name)
      return { name, status: 'pass', why: '' }
    } catch (failure) {
      return { name, status: 'fail', why: failure instanceof Error ? failure.message : 'it cannot be read' }
    }
  })
  return { ok: done.every((step) => step.status === 'pass'), steps: done, told: told(run) }
}

/** One form only: what was read, written again, is what was read. */
function form(run: Run): void {
  if (run.raw.length > longest) throw new Error('it is longer than 1 MiB')
  const printed = text(run.raw)
  const read = JSON.parse(printed) as Receipt
  const again: Receipt = {
    chain: [...read.chain], checkpoint: read.checkpoint, entry: read.entry, index: read.index, kind: read.kind,
    openings: read.openings.map(({ name, salt, value }) => ({ name, salt, value })), proof: [...read.proof], v: read.v,
  }
  if (again.kind !== 'kapok-receipt' || again.v !== 1 || !Number.isSafeInteger(again.index) || again.index < 0) throw new Error('it is not a receipt of version 1')
  if (JSON.stringify(again) !== printed || !allText(again)) throw new Error('it is not canonical JSON with the members of a receipt')
  run.receipt = again
}

function allText(receipt: Receipt): boolean {
  const shown = receipt.openings.flatMap(({ name, salt, value }) => [name, salt, value])
  return [...receipt.chain, ...receipt.proof, ...shown, receipt.checkpoint, receipt.entry].every((one) => typeof one === 'string')
}

function inclusion(run: Run): void {
  const { index, proof } = run.receipt!
  const { size, root } = run.head!
  if (!includes(leafHash(run.encoded!), index, size, proof.map(fromBase64), root)) throw new Error('the proof does not lead from the entry to the root')
}

function openings(run: Run): void {
  let before = ''
  for (const { name, salt, value } of run.receipt!.openings) {
    if (name <= before) throw new Error('the fields shown are not in ascending order')
    const bytes = fromBase64(salt)
    if (bytes.length < 16 || bytes.length > 32) throw new Error('a salt has 16 to 32 bytes')
    if (run.entry!.commitments.get(name) !== commitment(name, bytes, value)) throw new Error(`the field ${name} is not what the entry commits to`)
    before = name
  }
}

function told(run: Run): Report['told'] {
  const { receipt, entry, head } = run
  if (!receipt || !entry || !head) return undefined
  const shown = receipt.openings.map(({ name, value }): [string, string] => [name, value])
  const hidden = [...entry.commitments.keys()].filter((name) => !shown.some(([one]) => one === name))
  return { kind: entry.kind, ref: entry.ref, at: entry.at, sealed: head.sealed, origin: head.origin, index: receipt.index, size: head.size, shown, hidden }
}

/** The roots of a bundle (FORMAT.md §6), each DER. */
export function parseBundle(raw: Uint8Array): Uint8Array[] {
  const printed = text(raw).replace(/\n$/, '')
  const read = JSON.parse(printed) as { kind: string; name: string; roots: string[]; v: number }
  const again = JSON.stringify({ kind: read.kind, name: read.name, roots: read.roots, v: read.v })
  if (again !== printed || read.kind !== 'kapok-bundle' || read.v !== 1 || !read.roots.length) throw new Error('it is not a bundle of version 1')
  return read.roots.map(fromBase64)
}

/** The fingerprint of a root, as `openssl x509 -fingerprint -sm3` has it, in groups that can be read aloud. */
export function fingerprint(root: Uint8Array): string {
  return hex(sm3(root)).toUpperCase().replace(/(.{4})(?=.)/g, '$1 ')
}
