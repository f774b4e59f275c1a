import { session } from '@/shared/session'
import type { Schemas } from '@/shared/api'
import { Failure, failureOf } from '@/shared/failure'
import { say } from '@/shared/words'

export type Delivery = Schemas['ReturnDelivery']
export type Act = Schemas['ReturnProposal']['act']
type Tone = 'good' | 'bad' | 'warn' | 'calm'

const states: Record<Delivery['state'], [string, string, Tone, string]> = {
  received: ['接收中', 'Arriving', 'warn', '…'], refused: ['被拒绝', 'Refused', 'bad', '✕'], reconciled: ['已核对', 'Reconciled', 'calm', '='], published: ['已发布', 'Published', 'good', '✓'],
  superseded: ['已被新版替换', 'Replaced', 'calm', '→'], 'rolled-back': ['已回退', 'Rolled back', 'warn', '←'], destroyed: ['已销毁', 'Destroyed', 'calm', '✕'],
}
export function deliveryState(code: Delivery['state']): { text: string; tone: Tone; sign: string } {
  const [zh, en, tone, sign] = states[code]
  return { text: say(zh, en), tone, sign }
}

const decided: Record<Schemas['ReturnProposal']['state'], [string, string, Tone, string]> = {
  open: ['等第二人确认', 'Waits for a second person', 'warn', '…'], confirmed: ['已确认', 'Confirmed', 'good', '✓'], rejected: ['已退回', 'Rejected', 'bad', '✕'], withdrawn: ['已撤回', 'Withdrawn', 'calm', '✕'],
}
export function returnProposalState(code: Schemas['ReturnProposal']['state']): { text: string; tone: Tone; sign: string } {
  const [zh, en, tone, sign] = decided[code]
  return { text: say(zh, en), tone, sign }
}

const acts: Record<Act, [string, string]> = { publish: ['发布', 'Publish'], 'roll-back': ['回退到上一版', 'Roll back'], destroy: ['销毁', 'Destroy'] }
export const actCalled = (act: Act): string => say(...acts[act])

/** Kept longer than its provider allowed. */
export const overdue = (one: Delivery): boolean => !['destroyed', 'refused'].includes(one.state) && Date.parse(one.keep_until) < Date.now()

/** What can be proposed for a delivery in its state; the server has the last word. */
export const actsOf: Record<Delivery['state'], Act[]> = {
  received: [], refused: [], reconciled: ['publish', 'destroy'], published: ['roll-back'], superseded: ['destroy'], 'rolled-back': ['destroy'], destroyed: [],
}

const piece = 4 << 20 // bytes of one call, which has 15 s
const tries = 5

/** Uploads a file from the byte where what arrived of it ends, and tells how far it came. */
export async function upload(delivery: string, file: File, told: (arrived: number) => void): Promise<void> {
  const address = `/v1/returns/${delivery}/files/${encodeURIComponent(file.name)}`
  let offset = await arrived(address)
  for (let failed = 0; ;) {
    told(offset)
    if (offset >= file.size) return
    try {
      offset = offsetOf(await call(address, { method: 'PATCH', body: file.slice(offset, offset + piece), headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset), 'X-CSRF-Token': session.me?.csrf_token ?? '' } }))
      failed = 0
    } catch (failure) {
      if (!goesOn(failure) || ++failed >= tries) throw failure
      await new Promise((resolve) => setTimeout(resolve, 500 * failed))
      offset = await arrived(address).catch(() => offset) // still away: the next try tells
    }
  }
}

const goesOn = (failure: unknown) => failure instanceof Failure && ['connection-lost', 'return-offset'].includes(failure.code)
const arrived = async (address: string) => offsetOf(await call(address, { method: 'HEAD' }))

function offsetOf(response: Response): number {
  const told = response.headers.get('Upload-Offset')
  if (told === null) throw new Failure('answer-unreadable', 0)
  return Number(told)
}

async function call(address: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(address, { credentials: 'same-origin', ...init })
  } catch {
    throw new Failure('connection-lost', 0)
  }
  if (!response.ok) throw await failureOf(response)
  return response
}
