import { bytes } from './api'

/**
 * The district's root as this browser knows it. What it sees first it remembers by its
 * fingerprint (which is public), and says so when another comes; whoever wants to be sure
 * compares it with the one that the bureau published elsewhere, or brings a bundle of
 * their own.
 */
export interface Pinned {
  roots: Uint8Array[]
  fingerprint: string
  since: string // when this browser saw it first
  changed: boolean // it is not the one that was remembered
}

const key = 'kapok-root'

export async function pinnedRoot(own?: Uint8Array): Promise<Pinned> {
  const { fingerprint, parseBundle } = await import('@/proof/receipt')
  const roots = parseBundle(own ?? (await bytes('/v1/trust')))
  const printed = fingerprint(roots[0]!)
  if (own) return { roots, fingerprint: printed, since: '', changed: false }
  const kept = remembered()
  if (!kept) {
    const since = new Date().toISOString()
    try {
      localStorage.setItem(key, JSON.stringify({ fingerprint: printed, since }))
    } catch {
      // a browser without storage remembers nothing
    }
    return { roots, fingerprint: printed, since, changed: false }
  }
  return { roots, fingerprint: printed, since: kept.since, changed: kept.fingerprint !== printed }
}

function remembered(): { fingerprint: string; since: string } | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}
