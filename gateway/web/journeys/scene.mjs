// What the journeys play with: names of the example catalogue and of the sandbox's people.

/** What the subsidy's department would like, for one case. */
export function wish(caseNo) {
  return {
    department: 'tianhe-renshe', system: 'tianhe-renshe-butie', item: '2030010002/000001', fields: ['name', 'status', 'category', 'approved_on'],
    operation: 'VIEW', service_item: '11440106KAPK0003022010614002000', purpose: 'employment-subsidy', case_no: caseNo,
    expires: new Date(Date.now() + 86_400_000).toISOString(),
  }
}

/** The address by which the department's page hands over to the safe. */
export const handOver = (kapok, wanted) => `${kapok}/safe#/ask/${Buffer.from(JSON.stringify(wanted)).toString('base64url')}`

/** The department's system asks about a person (the first of all is 0); returns Kapok's status and code. */
export async function call(world, wanted, basisID, person = 0) {
  const { item, fields, operation, service_item, purpose, case_no } = wanted
  const { status, code } = await posted(world, wanted.system, '/v1/exchanges', { item, fields, operation, service_item, purpose, case_no, officer_ref: 'officer-0002', basis_id: basisID }, person)
  return { status, code }
}

/** What the assistance system would like of the insurance register: one sensitive field, and another that may be left out. */
export function consentWish(caseNo, purpose) {
  return {
    department: 'tianhe-minzheng', system: 'tianhe-minzheng-dibao', item: '2020010003/000001', fields: ['insured_state', 'base_wage', 'pension_amount'], optional: ['pension_amount'],
    operation: 'VIEW', service_item: '11440106KAPK0002272010511001000', purpose, case_no: caseNo, max_uses: 5,
    expires: new Date(Date.now() + 86_400_000).toISOString(),
  }
}

/** The department's system sends a request for consent; returns Kapok's status, code and the id. */
export function askConsent(world, { department: _, system, ...asked }, person = 0) {
  return posted(world, system, '/v1/consent-requests', asked, person)
}

async function posted(world, system, path, question, person) {
  const answer = await fetch(world.departments + path, { method: 'POST', body: JSON.stringify({ system, question, person }) })
  if (!answer.ok) throw new Error(await answer.text())
  return answer.json()
}

export function expect(what, got, wanted) {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
}
