import type { Schemas } from '@/shared/api'
import { say } from '@/shared/words'

export type Matter = Schemas['Matter']
type Tone = 'good' | 'bad' | 'warn' | 'calm'
type Told = [zh: string, en: string, tone: Tone, sign: string]

const states: Record<string, Told> = {
  SUBMITTED: ['待答复', 'Waits for the answer', 'warn', '…'], INCOMPLETE: ['待补正', 'Incomplete', 'warn', '!'], APPROVED: ['已批准', 'Approved', 'good', '✓'], DELIVERED: ['已提供', 'Delivered', 'good', '✓'],
  REFUSED: ['不予共享', 'Refused', 'bad', '✕'], WITHDRAWN: ['已撤回', 'Withdrawn', 'calm', '✕'], FILED: ['已提出', 'Filed', 'warn', '…'], ACCEPTED: ['已采纳', 'Accepted', 'good', '✓'], MAINTAINED: ['维持原数据', 'Maintained', 'calm', '='],
  COORDINATION: ['协调中', 'In coordination', 'warn', '…'], REPORTED: ['已上报', 'Reported', 'warn', '↑'], SETTLED: ['已协调一致', 'Settled', 'good', '✓'], DECIDED: ['已裁定', 'Decided', 'good', '✓'],
  DUE: ['待更新', 'Due', 'warn', '…'], REVIEW: ['待审核', 'In review', 'warn', '…'], DONE: ['已完成', 'Done', 'good', '✓'], PROPOSED: ['待处理', 'Proposed', 'warn', '…'], NARROWED: ['已收窄', 'Narrowed', 'calm', '⊂'], KEPT: ['保留', 'Kept', 'calm', '='],
  ACTIVE: ['生效', 'In force', 'good', '✓'], SUSPENDED: ['暂停', 'Suspended', 'warn', 'Ⅱ'], REVOKED: ['已撤销', 'Revoked', 'bad', '✕'], SUPERSEDED: ['已替换', 'Replaced', 'calm', '='],
}
export function state(code: string): { text: string; tone: Tone; sign: string } {
  const [zh, en, tone, sign] = states[code] ?? [code, code, 'calm', '·']
  return { text: say(zh, en), tone, sign }
}

const kinds: Record<string, [string, string]> = {
  application: ['共享申请', 'Application'], correction: ['校核', 'Correction'], objection: ['异议', 'Objection'], 'catalog-update': ['目录更新', 'Catalogue update'], 'unused-rights': ['闲置授权', 'Unused rights'],
}
export const matterKind = (code: string): string => say(...(kinds[code] ?? [code, code]))

const events: Record<string, [string, string]> = {
  filed: ['提出', 'Filed'], submitted: ['提出', 'Submitted'], 'missing-told': ['一次性告知补正', 'Told what is missing'], completed: ['补正', 'Completed'], extended: ['延长期限', 'Extended'], approved: ['批准', 'Approved'], narrowed: ['收窄', 'Narrowed'],
  refused: ['不予共享', 'Refused'], withdrawn: ['撤回', 'Withdrawn'], delivered: ['提供数据', 'Delivered'], accepted: ['采纳', 'Accepted'], maintained: ['维持', 'Maintained'], 'coordination-asked': ['请求协调', 'Coordination asked'],
  settled: ['协调一致', 'Settled'], reported: ['上报', 'Reported'], decided: ['裁定', 'Decided'], 'handed-in': ['提交', 'Handed in'], returned: ['退回', 'Returned'], kept: ['保留', 'Kept'], reminded: ['到期提醒', 'Reminded'], late: ['超期', 'Late'], escalated: ['督办', 'Escalated'],
}
export const event = (code: string): string => say(...(events[code] ?? [code, code]))

const sides: Record<string, [string, string]> = { applicant: ['申请方', 'Applicant'], provider: ['提供方', 'Provider'], bureau: ['数据局', 'Bureau'], kapok: ['系统', 'Kapok'], consumer: ['申请方', 'Applicant'] }
export const side = (code: string): string => say(...(sides[code] ?? [code, code]))

const operations: Record<string, [string, string]> = { VERIFY: ['核验', 'Verify'], PREDICATE: ['判断', 'Test'], VIEW: ['查看', 'View'], COPY: ['留存', 'Keep a copy'] }
export const operation = (code: string): string => say(...(operations[code] ?? [code, code]))

export const reasons: { code: string; zh: string; en: string }[] = [
  { code: 'beyond-duty', zh: '超出履职所需', en: 'Beyond what the duty needs' }, { code: 'no-legal-ground', zh: '没有法律依据', en: 'No legal ground' }, { code: 'purpose-unclear', zh: '用途不明', en: 'The purpose is unclear' },
  { code: 'not-held', zh: '本部门不掌握', en: 'Not held here' }, { code: 'law-forbids', zh: '法律禁止', en: 'The law forbids it' }, { code: 'not-complete', zh: '材料不全', en: 'Not complete' }, { code: 'needs-time', zh: '需要更多时间', en: 'Needs more time' }, { code: 'other', zh: '其他', en: 'Other' },
]
