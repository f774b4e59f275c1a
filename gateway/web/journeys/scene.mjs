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

/** The department's system asks; returns Kapok's status and code. */
export async function call(world, wanted, basisID) {
  const { item, fields, operation, service_item, purpose, case_no } = wanted
  const answer = await fetch(world.departments, {
    method: 'POST',
    body: JSON.stringify({ system: wanted.system, question: { item, fields, operation, service_item, purpose, case_no, officer_ref: 'officer-0002', basis_id: basisID } }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  const { status, code } = await answer.json()
  return { status, code }
}

export function expect(what, got, wanted) {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
}
