import { api, asked, csrf } from './api'
import { Failure } from './failure'
import { session } from './session'

/** Asks who is signed in. A server that does not answer is told apart from nobody. */
export async function enter(): Promise<void> {
  try {
    session.me = await asked(api.GET('/v1/me'))
    session.state = 'in'
  } catch (failure) {
    session.state = 'out'
    if (!(failure instanceof Failure) || failure.code !== 'session-missing') throw failure
  }
}

export async function leave(): Promise<void> {
  await api.POST('/auth/logout', { params: csrf })
  session.me = undefined
  session.state = 'out'
}

/** When the page comes back to the front, another tab may have signed out or in. */
export function watchSession(): void {
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || session.state !== 'in') return
    const before = session.me?.csrf_token
    enter().then(() => {
      if (before && session.me?.csrf_token !== before && session.state === 'in') location.reload() // somebody else is signed in now
    }).catch(() => undefined) // the next action will tell
  })
}
