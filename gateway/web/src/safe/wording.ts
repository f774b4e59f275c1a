import type { Schemas } from '@/shared/api'
import { meaning } from '@/shared/failure'
import { called, fieldsCalled, say } from '@/shared/words'

// The ledger's words in the words of people.

export type Access = Schemas['Access']
export type Basis = Schemas['Basis']

/** One use of data: an intent and what became of it, or an entry that stands alone. */
export interface Use {
  key: string
  entry: Access // the last one, which says how it ended
  begun?: Access
}

/** Joins what belongs to one use; the list is newest first. */
export function usesOf(entries: Access[]): Use[] {
  const byRef = new Map<string, Use>()
  const uses: Use[] = []
  for (const entry of entries) {
    const joined = entry.ref && (entry.kind === 'intent' || entry.kind === 'outcome') ? byRef.get(entry.ref) : undefined
    if (joined) {
      joined.begun = entry
      continue
    }
    const use = { key: `${entry.origin}#${entry.index}`, entry }
    uses.push(use)
    if (entry.ref) byRef.set(entry.ref, use)
  }
  return uses
}

export type Group = 'used' | 'refused' | 'mine' | 'other'

const own = /^(basis-(granted|withdrawn|paused|resumed|refused|deferred)|ledger-read|presentation-(shown|offline)|(correction|objection)-(submitted|withdrawn)|licence-file-verified|mandate-.*|safe-.*|session-.*)$/

export function groupOf({ kind }: Access): Group {
  if (kind === 'intent' || kind === 'outcome') return 'used'
  if (kind === 'refusal') return 'refused'
  return own.test(kind) ? 'mine' : 'other'
}

const operations: Record<string, [string, string]> = {
  VERIFY: ['核验（只得到是或否）', 'verify (yes or no only)'], PREDICATE: ['判断（只得到是或否）', 'test (yes or no only)'],
  VIEW: ['查看', 'view'], COPY: ['查看并留存', 'view and keep'],
}
export const operation = (code: string | undefined): string => (code && operations[code] ? say(...operations[code]) : code || '—')

/** What entries that concern a citizen are called; wording.test.ts holds them against the Go code. */
export const kinds: Record<string, [zh: string, en: string]> = {
  intent: ['准备调用', 'About to be used'], outcome: ['调用', 'Used'], refusal: ['调用被拒绝', 'Refused'], token: ['系统登录', 'System signed in'], command: ['部门系统提交', 'A department’s system filed something'],
  'basis-requested': ['部门请求授权', 'A department asked for consent'], 'basis-deferred': ['我把请求放到以后', 'I put a request off'], 'basis-granted': ['我给出了授权', 'I gave a consent'],
  'basis-refused': ['我拒绝了请求', 'I refused a request'], 'basis-lapsed': ['请求过期作废', 'A request lapsed'], 'basis-paused': ['我暂停了授权', 'I paused a consent'],
  'basis-suspended': ['依据被数据局暂停', 'The bureau suspended a basis'], 'basis-resumed': ['我恢复了授权', 'I resumed a consent'], 'basis-withdrawn': ['我撤回了授权', 'I withdrew a consent'],
  'basis-expired': ['授权到期', 'A consent expired'], 'basis-exhausted': ['授权的次数用完', 'A consent was used up'], 'basis-revoked': ['依据被撤销', 'A basis was revoked'],
  'basis-invalidated': ['授权失效', 'A consent became invalid'], 'basis-superseded': ['授权被新的替换', 'A consent was replaced'], 'basis-closed': ['事项办结，依据结束', 'The matter is done; its basis ended'], 'basis-reviewed': ['紧急使用经过复查', 'An emergency use was reviewed'],
  'confirmation-asked': ['部门请数源确认一次使用', 'A source’s officer was asked to confirm a use'], 'confirmation-confirmed': ['数源的经办人同意了一次使用', 'The source’s officer confirmed a use'], 'confirmation-refused': ['数源的经办人拒绝了一次使用', 'The source’s officer refused a use'],
  'presentation-shown': ['我出示了证照', 'I showed a licence'], 'presentation-offline': ['我备好了离线出示', 'I prepared to show a licence offline'], 'presentation-cancelled': ['我收回了出示的码', 'I took back a code'], 'presentation-scanned': ['证照被扫描', 'A licence was scanned'],
  'licence-drafted': ['拟制了证照', 'A licence was drafted'], 'licence-registered': ['制作了证照', 'A licence was made'], 'licence-issued': ['签发了证照', 'A licence was issued'], 'licence-collected': ['证照归集入库', 'A licence was taken over from its issuer'],
  'licence-changed': ['证照变更', 'A licence was changed'], 'licence-renewed': ['证照延续', 'A licence was renewed'], 'licence-inspected': ['证照年检', 'A licence was inspected'], 'licence-abolished': ['证照被废止', 'A licence was abolished'], 'licence-file-verified': ['核验了证照文件', 'A licence file was verified'],
  'case-accepted': ['窗口受理了办件', 'A counter accepted my case'], 'case-decided': ['办件办结', 'My case was decided'], 'paper-demanded': ['窗口要求补交纸质材料', 'A counter asked for paper'], 'paper-demand-refused': ['窗口重复要材料，被制止', 'A counter asked for paper again and was stopped'],
  'mandate-given': ['委托或监护生效', 'A mandate came into force'], 'mandate-proposed': ['监护关系待复核', 'A guardian was registered, to be confirmed'], 'mandate-ended': ['委托或监护终止', 'A mandate ended'], 'mandate-used': ['代办人查看了等待决定的请求', 'Who acts for me looked at what waits'],
  'erasure-attested': ['部门声明了数据的去向', 'A department signed what became of the data'], 'erasure-overdue': ['逾期未删除', 'An erasure is overdue'],
  'connector-try': ['数源接通试验', 'A source was tried'], 'ledger-read': ['我查看了记录', 'I read the record'], 'subject-erased': ['身份信息已删除', 'Identity data were erased'],
}
const matters: Record<string, [zh: string, en: string]> = { correction: ['更正申请', 'My correction'], objection: ['异议', 'My objection'] }

export function kind(code: string): string {
  const known = kinds[code] ?? matters[code.split('-')[0] ?? '']
  return known ? say(...known) : say(`其他记录（${code}）`, `Another record (${code})`)
}

const results: Record<string, [string, string]> = {
  released: ['已提供', 'Provided'], failed: ['未提供', 'Not provided'], 'not-released': ['未提供', 'Not provided'], 'release-unknown': ['无法确定是否送达', 'Delivery unknown'],
}

export function outcome({ entry }: Use): { text: string; tone: 'good' | 'bad' | 'warn' | 'calm'; mark: string } {
  if (entry.kind === 'refusal') return { text: say('已拒绝', 'Refused'), tone: 'bad', mark: '✕' }
  if (entry.kind === 'intent') return { text: say('进行中', 'Under way'), tone: 'warn', mark: '…' }
  if (entry.kind === 'outcome') {
    const told = results[entry.result ?? ''] ?? [entry.result ?? '', entry.result ?? '']
    return { text: say(told[0], told[1]), tone: entry.result === 'released' ? 'good' : 'warn', mark: entry.result === 'released' ? '✓' : '!' }
  }
  return { text: groupOf(entry) === 'mine' ? say('本人操作', 'My own act') : say('已记录', 'Recorded'), tone: 'calm', mark: '·' }
}

const bases: Record<string, [string, string]> = {
  CONSENT: ['本人同意', 'My consent'], SEPARATE_CONSENT: ['本人单独同意', 'My separate consent'], WRITTEN_CONSENT: ['本人书面同意', 'My written consent'],
  STATUTORY: ['法定职责', 'A duty laid down by law'], EMERGENCY: ['突发事件应急', 'An emergency'], CONTRACT: ['合同所必需', 'A contract'],
}
export const basisKind = (code: string | undefined): string => (code && bases[code] ? say(...bases[code]) : code || '—')

const states: Record<string, [string, string, 'good' | 'bad' | 'warn' | 'calm', string]> = {
  ACTIVE: ['正在生效', 'In force', 'good', '✓'], PAUSED: ['已暂停', 'Paused', 'warn', 'Ⅱ'], WITHDRAWN: ['已撤回', 'Withdrawn', 'calm', '✕'], EXPIRED: ['已到期', 'Expired', 'calm', '✕'],
  EXHAUSTED: ['次数已用完', 'Used up', 'calm', '✕'], REVOKED: ['已被撤销', 'Revoked', 'calm', '✕'], REFUSED: ['已拒绝', 'Refused', 'calm', '✕'], INVALIDATED: ['已失效', 'No longer valid', 'calm', '✕'],
  SUPERSEDED: ['已被替换', 'Replaced', 'calm', '✕'], CLOSED: ['已结束', 'Closed', 'calm', '✕'], SUSPENDED: ['已被数据局暂停', 'Suspended by the bureau', 'warn', 'Ⅱ'], REVIEWED: ['已复查', 'Reviewed', 'calm', '✓'], REQUESTED: ['等您决定', 'Waits for you', 'warn', '?'], DEFERRED: ['以后再说', 'Put off', 'warn', '?'], LAPSED: ['已过期作废', 'Lapsed', 'calm', '✕'],
}
export function state(code: string) {
  const [zh, en, tone, mark] = states[code] ?? [code, code, 'calm' as const, '·']
  return { text: say(zh, en), tone, mark }
}

/** The one sentence that says what happened. */
export function sentence(use: Use): string {
  const { entry } = use
  const who = entry.department ? called(entry.department) : say('某系统', 'A system')
  const fields = fieldsCalled(entry.kind === 'outcome' && entry.returned?.length ? entry.returned : entry.asked)
  switch (groupOf(entry)) {
    case 'used': return say(`${who} ${operation(entry.operation)}：${fields}`, `${who}: ${operation(entry.operation)}: ${fields}`)
    case 'refused': return say(`${who} 想要 ${fields || called(entry.item)}，被拒绝`, `${who} asked for ${fields || called(entry.item)} and was refused`)
    default: return kind(entry.kind) + (entry.item ? say('：', ': ') + called(entry.item) : '')
  }
}

/** Why a use was lawful, or why it was refused. */
export function reason({ entry }: Use): string {
  if (entry.code) return meaning(entry.code)
  if (!entry.basis_kind) return ''
  return basisKind(entry.basis_kind) + (entry.legal_provision ? ` · ${entry.legal_provision}` : '')
}

const doors: Record<string, [zh: string, en: string]> = {
  desk: ['工作人员登录后在工作台办理', 'An officer, signed in at the desk'],
  'cert-share': ['经证照共享服务接口（弱：接口不对单次请求签名）', 'A licence share service’s interface (weaker: it signs no single request)'],
  'license-app': ['经广东电子证照用证接口（弱：接口不对单次请求签名）', 'Guangdong’s e-licence API (weaker: it signs no single request)'],
  peer: ['另一个红棉节点来调用（该节点已签名）', 'Another Kapok of the federation, which signed'],
  tif: ['经省政务网关（弱：网关的签名不覆盖请求内容）', 'The province’s gateway (weaker: its signature does not cover what was asked)'],
}
/** What stood in the place of a signature over the request; empty where the request was signed, and for what is no call. */
export const doorCalled = (entry: Use['entry']): string => (entry.door && doors[entry.door] ? say(...doors[entry.door]!) : '')
