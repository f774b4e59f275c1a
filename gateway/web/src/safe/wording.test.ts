import { describe, expect, it, vi } from 'vitest'
import { preferences } from '@/shared/preferences'
import basis from '../../../basis/state.go?raw'
import confirmation from '../../../confirmation/confirmation.go?raw'
import licence from '../../../licence/life.go?raw'
import { kind, kinds } from './wording'

vi.mock('@/shared/preferences', () => ({ preferences: { language: 'zh' } })) // the real ones want a browser

// The events of what concerns a citizen, as Kapok's Go code names them.
const named = (source: string) => [...source.matchAll(/\sEvent\s*=\s*"([a-z-]+)"/gm)].map(([, event]) => event!)
const sources = [['basis', basis, 16], ['licence', licence, 8], ['confirmation', confirmation, 3]] as const

describe('kinds of entries', () => {
  for (const [what, source, least] of sources) {
    it(`${what}: each event has words`, () => {
      const events = named(source).map((event) => `${what}-${event}`)
      expect(events.length).toBeGreaterThanOrEqual(least)
      expect(events.filter((event) => !kinds[event])).toEqual([])
    })
  }

  it('are named in the language chosen', () => {
    for (const [language, words] of [['zh', '数源的经办人拒绝了一次使用'], ['en', 'The source’s officer refused a use']] as const) {
      preferences.language = language
      expect(kind('confirmation-refused')).toBe(words)
      expect(kind('never-heard-of')).toContain('never-heard-of')
    }
  })
})
