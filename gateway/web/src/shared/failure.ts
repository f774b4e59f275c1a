import { say } from './words'

/** A call that did not come to what was asked for. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail = '',
    readonly remedy = '',
    readonly trace = '',
    readonly fields: string[] = [],
    readonly problem: Record<string, unknown> = {},
  ) {
    super(code)
  }
}

/** Reads an RFC 9457 problem; an answer that is none becomes one by its status. */
export async function failureOf(response: Response): Promise<Failure> {
  try {
    const told = (await response.clone().json()) as { code?: string; detail?: string; remedy?: string; trace_id?: string; fields?: string[]; field?: string }
    if (told.code) {
      return new Failure(told.code, response.status, told.detail, told.remedy, told.trace_id, told.fields ?? (told.field ? [told.field] : []), told as Record<string, unknown>)
    }
  } catch {
    // not JSON: a proxy in between, perhaps
  }
  return new Failure(response.status === 413 ? 'body-too-large' : 'answer-unreadable', response.status)
}

// What happened and what to do next, for those codes that a person meets. Any other
// says so plainly, with the code and the trace id by which the operators find it.
const known: Record<string, [zh: string, en: string]> = {
  'connection-lost': ['网络断了，刚才的操作没有收到答复。请检查网络后再试；页面会先核对已经生效的内容。', 'The connection was lost and no answer came. Check the network and try again; the page checks first what holds.'],
  'answer-unreadable': ['服务器的答复无法读取，请稍后再试。', 'The answer could not be read; try again later.'],
  'session-missing': ['登录已结束，请重新登录。', 'The session has ended; sign in again.'],
  'csrf-invalid': ['此页面的登录信息已更新，请刷新页面后重试。', 'The session has changed; reload the page and try again.'],
  'role-missing': ['您的身份没有这项权限，请换一个身份登录。', 'Your role does not allow this; sign in with another.'],
  'sign-in-unavailable': ['统一身份认证暂时无法访问，请稍后再试。', 'The identity provider cannot be reached now; try again later.'],
  'body-too-large': ['文件太大，请换一个较小的文件。', 'The file is too large; choose a smaller one.'],
  'database-unavailable': ['系统暂时不可用，没有任何改动；请稍后再试。', 'The system is unavailable now and nothing was changed; try again later.'],
  'ledger-unavailable': ['存证暂时无法写入，所以什么也没有发生；请稍后再试。', 'The ledger cannot be written now, so nothing happened; try again later.'],
  'basis-state': ['这份授权的状态已经变了（也许在另一个窗口里）；已为您刷新。', 'This consent has changed meanwhile, perhaps in another window; the list is up to date again.'],
  'basis-unknown': ['没有这份授权。', 'There is no such consent.'],
  'basis-ended': ['授权已撤回、暂停或到期，调用被拒绝。', 'The consent was withdrawn, paused or has expired; the call was refused.'],
  'basis-missing': ['没有有效的依据，调用被拒绝。', 'There was no basis; the call was refused.'],
  'basis-mismatch': ['依据与本次调用不符，调用被拒绝。', 'The basis is not for this call; it was refused.'],
  'basis-exhausted': ['授权允许的次数已经用完，调用被拒绝。', 'Every use that the consent allows is taken; the call was refused.'],
  'consent-cooldown': ['本人拒绝后 30 天内，同样的请求不能再问。', 'For 30 days after a refusal the same is not asked again.'],
  'separate-missing': ['还有敏感信息项没有逐项同意，什么也没有生效。', 'Some sensitive fields were not agreed to by themselves; nothing took effect.'],
  'guardian-needed': ['未满十四周岁，由监护人同意；请监护人带上证件到窗口办理。什么也没有生效。', 'Under 14 a guardian consents, at a counter, with the child’s documents. Nothing took effect.'],
  'mandate-unknown': ['没有这份有效的委托，或者它已经终止。', 'There is no such mandate in force, or it has ended.'],
  'mandate-power': ['这份委托没有给出这项权限。', 'The mandate does not give this power.'],
  'own-matter': ['不能办理自己是一方的事。', 'Nobody handles what they are a side of.'],
  'return-waiting': ['同一数据集还有批次在等落地或决定，请先处理它。', 'A delivery of this dataset waits to be landed or decided; it comes first.'],
  'step-up-missing': ['这是书面同意，需要专为这份告知书重新实名登录一次，回来后再点同意。什么也没有生效。', 'A written consent needs a sign-in for exactly this notice; agree once you are back. Nothing took effect.'],
  'assurance-too-low': ['给出或恢复授权需要 L3 级实名认证；请退出后以更高等级重新登录。什么也没有生效。', 'To grant or resume, you sign in at level L3; sign out and in again at that level. Nothing took effect.'],
  'confirmation-refused': ['数源的经办人没有同意，调用被拒绝。', 'The source’s officer did not confirm; the call was refused.'],
  'confirmation-pending': ['还在等数源的经办人确认，没有放行任何数据。', 'The source’s officer has not confirmed yet; nothing was released.'],
  'notice-mismatch': ['告知内容已更新，请重新阅读后再授权。', 'The notice has changed; read it again before you consent.'],
  'fields-exceed': ['要求的信息项超出了允许的范围，调用被拒绝。', 'More fields were asked for than are allowed; the call was refused.'],
  'fields-unknown': ['目录里没有这些信息项。', 'The catalogue holds no such fields.'],
  'grant-missing': ['该部门没有获得共享授权，调用被拒绝。', 'The department has no grant; the call was refused.'],
  'grant-suspended': ['该部门的共享授权已暂停。', 'The grant is suspended.'],
  'policy-forbids': ['规则禁止这次调用。', 'A policy forbids it.'],
  'policy-silent': ['没有规则允许这次调用。', 'No policy allows it.'],
  'sensitive-needs-separate-consent': ['敏感个人信息需要单独同意。', 'Sensitive fields need a separate consent.'],
  'record-missing': ['数源没有您的记录。', 'The source holds no record.'],
  'source-timeout': ['数源未及时答复，没有放行任何数据。', 'The source did not answer in time; nothing was released.'],
  'source-unavailable': ['数源不可用，没有放行任何数据。', 'The source is down; nothing was released.'],
  'predicate-probing': ['对同一信息项的试探太多，已被拒绝并上报。', 'Too many tests of one field; refused and reported.'],
  'signature-invalid': ['请求的签名不成立，被拒绝。', 'The signature did not verify; refused.'],
  'nonce-replayed': ['重放的请求，被拒绝。', 'A replayed request; refused.'],
  'same-person': ['同一个人不能既提出又确认，请由另一位同事办理。', 'Who proposes does not confirm; another colleague has to.'],
  'second-person': ['谁提议，谁就不能确认；请另一位同事确认。', 'Who proposed it does not confirm it; another colleague has to.'],
  'not-your-proposal': ['只有提议的人才能撤回。', 'Only who proposed it withdraws it.'],
  'not-your-system': ['这不是本部门的系统，或没有这个系统。', 'This is no system of your department.'],
  'key-proof-invalid': ['证明不成立：要由这把密钥签名，iss、sub 为系统编号，aud 如上，15 分钟内有效。', 'The proof does not hold: signed by this key, iss and sub the system, aud as above, within 15 minutes.'],
  'not-your-turn': ['这一步轮到另一方办理。', 'It is another side’s turn.'],
  'matter-state': ['事项状态已经变化，请刷新。', 'The matter has moved on; reload it.'],
  'application-incomplete': ['申请还缺少内容，请按清单补齐。', 'Parts are still missing; complete them by the list.'],
  'presentation-used': ['这个码已经被扫过一次，不能再用；请对方刷新出示一个新的码。', 'This code was scanned before; ask the person to show a new one.'],
  'presentation-cancelled': ['对方已收回这个码；请对方重新出示。', 'The person took this code back; ask them to show a new one.'],
  'presentation-expired': ['码已过期；请对方刷新。', 'The code has expired; ask the person to renew it.'],
  'presentation-unreadable': ['这不是红棉的用证码。请扫描对方“证照”页上的二维码。', 'This is not a code of Kapok. Scan the QR on the person’s licence page.'],
  'presentation-unknown': ['没有这个码；请对方刷新后重试。', 'There is no such code; ask the person to renew it.'],
  'presentation-forged': ['码的签名不成立，疑似伪造。请勿受理，并联系数据局。', 'The signature of the code does not verify; it may be forged. Do not accept it and tell the data bureau.'],
  'presentation-purpose': ['对方出示的用途与您申报的不同。', 'It is shown for another purpose than you declared.'],
  'licence-abolished': ['该证照已废止或已有新版本。', 'The licence was abolished or replaced.'],
  'licence-expired': ['该证照已过有效期。', 'The licence has expired.'],
  'desk-missing': ['您所在的部门没有开通窗口，请联系数据局。', 'Your department has no desk; ask the data bureau.'],
  'paper-demanded-again': ['这份材料已经由数据共享满足，不能再要求群众提交。', 'This material is met already; paper must not be asked for again.'],
  'level-too-low': ['这一步需要更高的实名认证等级，请重新登录并完成认证。', 'This needs a higher level of identification; sign in again.'],
}

/** What a failure or a recorded code means, in the language chosen. */
export function meaning(code: string | undefined, detail = ''): string {
  if (!code) return ''
  const found = known[code]
  if (found) return say(...found)
  return detail && say('', detail) ? detail : say(`未能完成（${code}）`, `It was not done (${code}).`)
}

/** A sentence for a toast or an alert, with what the operators need. */
export function explain(failure: unknown): string {
  if (!(failure instanceof Failure)) return say('页面出错了，请刷新后重试。', 'The page failed; reload it and try again.')
  const trace = failure.trace && !known[failure.code] ? say(`（编号 ${failure.trace.slice(0, 8)}）`, ` (trace ${failure.trace.slice(0, 8)})`) : ''
  return meaning(failure.code, failure.detail) + trace
}
