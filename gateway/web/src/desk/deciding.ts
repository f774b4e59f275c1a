import type { Schemas } from '@/shared/api'
import { say } from '@/shared/words'

export const operations: Schemas['Operation'][] = ['VERIFY', 'PREDICATE', 'VIEW', 'COPY']

export const basisKinds: { code: NonNullable<Schemas['DecisionQuestion']['basis_kind']>; zh: string; en: string }[] = [
  { code: 'STATUTORY', zh: '法定职责', en: 'A duty laid down by law' }, { code: 'CONSENT', zh: '本人同意', en: 'The person’s consent' },
  { code: 'SEPARATE_CONSENT', zh: '本人单独同意', en: 'The person’s separate consent' }, { code: 'EMERGENCY', zh: '突发事件应急', en: 'An emergency' },
]

const steps: Record<Schemas['DecisionStep']['do'], [string, string]> = {
  'drop-fields': ['去掉这些信息项', 'Leave these fields out'], 'change-request': ['改请求的事项、用途或方式', 'Change the matter, the purpose or the operation'], 'obtain-basis': ['取得本人同意', 'Ask the person for consent'],
  'register-statutory': ['由数据局登记法定依据', 'Have the bureau register a statutory basis'], 'resume-basis': ['请本人恢复已暂停的授权', 'Ask the person to resume the consent'], 'apply-for-grant': ['申请共享授权', 'Apply for a grant'],
  'renew-grant': ['续期授权', 'Renew the grant'], 'change-catalogue': ['修改目录', 'Change the catalogue'], 'propose-policy': ['提议修改规则', 'Propose a change of the policies'], wait: ['等一会儿再试', 'Wait, then try again'],
}
export const stepCalled = (code: Schemas['DecisionStep']['do']): string => say(...steps[code])

/** A replay's report: what past calls would have met under the changed rules (its text is what its digest was taken of). */
export interface Replayed {
  decisions: number
  differing: number
  changes: { effect: 'gains' | 'loses' | 'duties' | 'reason'; department: string; system: string; item: string; operation: string; fields: string[]; before: string; after: string; policy: string; count: number }[]
}

const effects: Record<Replayed['changes'][number]['effect'], [string, string, 'good' | 'bad' | 'warn' | 'calm', string]> = {
  gains: ['得到', 'Gains', 'warn', '+'], loses: ['失去', 'Loses', 'bad', '−'], duties: ['义务变化', 'Other duties', 'calm', '±'], reason: ['拒绝理由变化', 'Another reason', 'calm', '='],
}
export function effect(code: Replayed['changes'][number]['effect']): { text: string; tone: 'good' | 'bad' | 'warn' | 'calm'; sign: string } {
  const [zh, en, tone, sign] = effects[code]
  return { text: say(zh, en), tone, sign }
}

const duties: Record<string, [string, string]> = {
  notify: ['告知本人', 'tell the person'], watermark: ['带上接收方水印', 'mark what leaves with its recipient'], 'second-approver': ['由第二名经办人确认', 'a second officer confirms'],
  'predicate-only': ['只回答是或否', 'answer yes or no only'], mask: ['脱敏', 'mask'],
}
/** A duty that comes with an allowed use: "mask:phone", "notify". */
export function dutyCalled(code: string): string {
  const [name = '', field] = code.split(':')
  return say(...(duties[name] ?? [name, name])) + (field ? ` ${field}` : '')
}
