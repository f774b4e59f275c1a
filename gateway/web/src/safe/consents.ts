import { api, asked, csrf } from '@/shared/api'
import { Failure } from '@/shared/failure'
import type { Agreed, Waiting } from './asked'

// What departments ask of me and waits for my answer.

export async function waiting(): Promise<Waiting[]> {
  return (await asked(api.GET('/v1/me/requests'))).requests
}

const path = (id: string) => ({ params: { ...csrf, path: { id } } })

export async function grantRequest({ id, notice }: Waiting, agreed: Agreed): Promise<void> {
  await asked(api.POST('/v1/me/requests/{id}/grant', { ...path(id), body: { notice_sm3: notice.sm3, ...agreed } }))
}

/** The department is told, and does not ask the same again for 30 days. */
export async function refuseRequest({ id }: Waiting): Promise<void> {
  await api.POST('/v1/me/requests/{id}/refuse', path(id))
}

export async function deferRequest({ id }: Waiting): Promise<void> {
  await api.POST('/v1/me/requests/{id}/defer', path(id))
}

/** Whether a request became a consent in force; for when the answer to a grant got lost. */
export async function inForce({ id }: Waiting): Promise<boolean> {
  if ((await waiting()).some((one) => one.id === id)) return false
  try {
    const { basis } = await asked(api.GET('/v1/me/bases/{id}', { params: { path: { id } } }))
    return basis.state === 'ACTIVE'
  } catch (failure) {
    if (failure instanceof Failure && failure.code === 'basis-unknown') return false
    throw failure
  }
}
