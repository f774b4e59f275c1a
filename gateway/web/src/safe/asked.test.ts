import { describe, expect, it } from 'vitest'
import { requestFor, toAcknowledge, type Terms, type Waiting } from './asked'

const terms = { department: 'd', system: 's', item: 'i/1', fields: ['a', 'b'], operation: 'VIEW', service_item: 'm', purpose: 'p', case_no: 'C-1', expires: '2030-01-01T00:00:00Z' } as Terms
const sent = {
  id: '0'.repeat(32), department: { id: 'd' }, system: { id: 's' }, item: { id: 'i/1' }, fields: [{ name: 'b' }, { name: 'a' }],
  operation: 'VIEW', service_item: { id: 'm' }, purpose: { id: 'p' }, case_no: 'C-1',
} as Waiting

describe('a link of a department', () => {
  it('is the request that asks for just the same', () => expect(requestFor(terms, [sent])).toBe(sent))
  for (const other of [{ fields: [{ name: 'a' }] }, { case_no: 'C-2' }, { purpose: { id: 'q' } }, { system: { id: 't' } }, { operation: 'COPY' as const }, { item: { id: 'i/2' } }]) {
    it(`is not one with another ${Object.keys(other)[0]}`, () => expect(requestFor(terms, [{ ...sent, ...other }])).toBeUndefined())
  }
})

describe('sensitive fields', () => {
  const fields = [{ name: 'pay' }, { name: 'pension' }]
  it('left out are not agreed to', () => expect(toAcknowledge(fields, [{ name: 'pension' }], [])).toEqual([{ name: 'pay' }]))
  it('given are', () => expect(toAcknowledge(fields, [{ name: 'pension' }], ['pension'])).toEqual(fields))
})
