import { Failure } from '@/shared/failure'
import type { Schemas } from '@/shared/api'
import { say } from '@/shared/words'

export type Kind = Schemas['EditionKind']
export type Edition = Schemas['Edition']
export type Proposal = Schemas['Proposal']
export type Change = Schemas['CatalogueChange']
export type Place = Schemas['ProblemPlace']

const sections: Record<string, [string, string]> = {
  items: ['目录项', 'Items'], departments: ['部门', 'Departments'], systems: ['系统', 'Systems'], sources: ['数源', 'Sources'], grants: ['授权', 'Grants'], service_items: ['事项', 'Matters'],
  staff: ['人员', 'Staff'], templates: ['模板', 'Templates'], licence_types: ['证照类型', 'Licence types'], provisions: ['法律条款', 'Provisions'], files: ['文件', 'Files'],
}
export const section = (code: string): string => say(...(sections[code] ?? [code, code]))

const acts: Record<Change['what'], [string, string, 'good' | 'bad' | 'calm', string]> = { added: ['新增', 'Added', 'good', '+'], changed: ['改变', 'Changed', 'calm', '±'], removed: ['删除', 'Removed', 'bad', '−'] }
export function what(code: Change['what']): { text: string; tone: 'good' | 'bad' | 'calm'; sign: string } {
  const [zh, en, tone, sign] = acts[code]
  return { text: say(zh, en), tone, sign }
}

const states: Record<Proposal['state'], [string, string, 'good' | 'bad' | 'warn' | 'calm', string]> = {
  open: ['等第二人确认', 'Waits for a second person', 'warn', '…'], published: ['已发布', 'Published', 'good', '✓'], rejected: ['已退回', 'Rejected', 'bad', '✕'], withdrawn: ['已撤回', 'Withdrawn', 'calm', '✕'],
}
export function proposalState(code: Proposal['state']): { text: string; tone: 'good' | 'bad' | 'warn' | 'calm'; sign: string } {
  const [zh, en, tone, sign] = states[code]
  return { text: say(zh, en), tone, sign }
}

/** Every mistake that a refused draft was told of; none where it was refused for something else. */
export function placesOf(failure: unknown): Place[] {
  return failure instanceof Failure && Array.isArray(failure.problem.places) ? (failure.problem.places as Place[]) : []
}

/** A file in Base64, as the API takes a form. */
export async function encoded(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000)) // a call takes only so many arguments
  return btoa(text)
}
