import { reactive } from 'vue'
import type { components } from './api.gen'

type Me = components['schemas']['Me']
type Role = components['schemas']['Role']

/** Who is signed in: out before anybody did, gone when a session ended under the page. */
export const session: { state: 'asking' | 'out' | 'in' | 'gone'; me?: Me } = reactive({ state: 'asking' })

export function sessionGone(): void {
  session.state = session.me ? 'gone' : 'out'
}

export const hasRole = (...roles: Role[]): boolean => roles.some((role) => session.me?.roles.includes(role))

/** Leads to the identity provider and back to this very place of the page. */
export function signIn(): void {
  location.assign(loginHere())
}

/** The same, to prove anew who one is for the notice of that SM3 (a written consent). */
export function signInFor(notice: string): void {
  location.assign(`${loginHere()}&level=L3&for=${notice}`)
}

function loginHere(): string {
  return '/auth/login?return_to=' + encodeURIComponent(location.pathname + location.hash)
}
