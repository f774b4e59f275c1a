import { api, asked, csrf, type Schemas } from '@/shared/api'
import { say } from '@/shared/words'

export type Mandate = Schemas['Mandate']
export type Power = Schemas['AgentWish']['powers'][number]
export type Wish = Schemas['AgentWish']

const powers: Record<Power, [zh: string, en: string]> = {
  VIEW: ['查看', 'see'], AUTHORISE: ['代为同意或者拒绝', 'agree or refuse'], WITHDRAW: ['代为撤回或者暂停', 'withdraw or pause'],
}
export const allPowers = Object.keys(powers) as Power[]
export const powerCalled = (power: string): string => (power in powers ? say(...powers[power as Power]) : power)

const kinds: Record<Mandate['kind'], [zh: string, en: string]> = { AGENT: ['委托代办', 'An agent'], GUARDIAN: ['监护', 'A guardian'] }
export const kindCalled = (kind: Mandate['kind']): string => say(...kinds[kind])

export const mandates = async () => (await asked(api.GET('/v1/me/mandates'))).mandates
export const endMandate = (id: string) => asked(api.POST('/v1/me/mandates/{id}/end', { params: { ...csrf, path: { id } } }))
export const showMandate = (wish: Wish) => asked(api.POST('/v1/me/mandates/notice', { params: csrf, body: wish }))
export const appoint = (wish: Wish, notice_sm3: string) => asked(api.POST('/v1/me/mandates', { params: csrf, body: { ...wish, notice_sm3 } }))

/** The matters that a person has to do with, by what stands in their own record. */
export async function knownMatters(): Promise<[id: string, name: string][]> {
  const { accesses } = await asked(api.GET('/v1/me/accesses', { params: { query: { limit: 100 } } }))
  const { requests } = await asked(api.GET('/v1/me/requests'))
  const named = [...accesses.flatMap(({ service_item }) => (service_item ? [service_item] : [])), ...requests.map(({ service_item }) => service_item)]
  return [...new Map(named.map(({ id, name }) => [id, name ?? id]))]
}
