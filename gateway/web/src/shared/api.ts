import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './api.gen'
import { failureOf, Failure } from './failure'
import { session, sessionGone } from './session'

// The client of Kapok's API. Its types come from openapi.yaml (npm run client).

export type Schemas = components['schemas']

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && session.me) request.headers.set('X-CSRF-Token', session.me.csrf_token)
    return request
  },
  async onResponse({ response }) {
    if (response.ok) return undefined
    const failure = await failureOf(response)
    if (failure.code === 'session-missing') sessionGone()
    throw failure
  },
  onError: () => new Failure('connection-lost', 0),
}

export const api = createClient<paths>({ baseUrl: location.origin, credentials: 'same-origin' })
api.use(guard)

/** The body of an answer; what was refused was thrown as a [Failure]. */
export async function asked<Data>(call: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await call
  if (data === undefined) throw new Failure('answer-unreadable', 0)
  return data
}

/** What openapi-fetch wants of a header that the guard adds. */
export const csrf = { header: { 'X-CSRF-Token': '' } } as const

/** Every page of a list, up to a number of entries. */
export async function all<Page extends { next?: string }, One>(read: (cursor?: string) => Promise<Page>, of: (page: Page) => One[], most = 500): Promise<One[]> {
  const found: One[] = []
  for (let cursor: string | undefined; ;) {
    const page = await read(cursor)
    found.push(...of(page))
    if (!page.next || found.length >= most) return found
    cursor = page.next
  }
}

/** A document that is not JSON, or is to be kept as the bytes it came in. */
export async function bytes(path: string, accept = '*/*'): Promise<Uint8Array> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin', headers: { Accept: accept } })
  } catch {
    throw new Failure('connection-lost', 0)
  }
  if (!response.ok) throw await failureOf(response)
  return new Uint8Array(await response.arrayBuffer())
}

/** Sends bytes as they are, such as a file, and reads JSON. */
export async function send<Answer>(path: string, body: Blob, type: string): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(path, {
      method: 'POST', body, credentials: 'same-origin',
      headers: { 'Content-Type': type, 'X-CSRF-Token': session.me?.csrf_token ?? '', Accept: 'application/json' },
    })
  } catch {
    throw new Failure('connection-lost', 0)
  }
  if (!response.ok) throw await failureOf(response)
  return (await response.json()) as Answer
}

/** Hands a file to the person. */
export function save(content: Uint8Array | string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([content as BlobPart], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 1000)
}
