import type { Schemas } from '@/shared/api'

// What is asked of me, and how it is told apart. Nothing here asks the server.

export type Waiting = Schemas['WaitingRequest']

/** What a department's page hands over: the terms of a consent, in names of the catalogue. */
export type Terms = Schemas['ConsentTerms']

/** What I agree to: each sensitive field by itself, and those optional fields that I give. */
export interface Agreed {
  separate: string[]
  optional: string[]
}

/** The request that asks for just what a link hands over, where the department sent one. */
export function requestFor(terms: Terms, requests: Waiting[]): Waiting | undefined {
  const wanted = names(terms.fields)
  return requests.find((one) => one.department.id === terms.department && one.system.id === terms.system && one.item.id === terms.item
    && one.operation === terms.operation && one.service_item.id === terms.service_item && one.purpose.id === terms.purpose
    && (one.case_no ?? '') === (terms.case_no ?? '') && names(one.fields.map(({ name }) => name)) === wanted)
}

const names = (fields: string[]) => [...fields].sort().join()

/** The sensitive fields to be agreed to one by one: those that are asked for or, if optional, given. */
export function toAcknowledge<Field extends { name: string }>(sensitive: Field[], optional: Field[], given: string[]): Field[] {
  const left = optional.map(({ name }) => name).filter((name) => !given.includes(name))
  return sensitive.filter(({ name }) => !left.includes(name))
}
