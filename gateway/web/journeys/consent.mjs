import { accessible, mustBeEmpty, narrow, openWindow, phone, picture, signIn } from './browser.mjs'
import { askConsent, call, consentWish, expect, handOver, wish } from './scene.mjs'

const said = {
  zh: { active: '正在生效', paused: '已暂停', person: 0, agreed: '已授权', refused: '30 天内不能再问', nothing: '不会通知任何部门', pay: '月缴费基数' },
  en: { active: 'In force', paused: 'Paused', person: 1, agreed: 'Given', refused: 'cannot ask the same', nothing: 'no department is told', pay: '月缴费基数' },
}

/**
 * A department asks: the citizen puts it off, agrees field by field, pauses, resumes and
 * withdraws; refuses another; and refuses a mere link, of which the department is not told.
 */
export async function consent(browser, world, language) {
  const words = said[language]
  const window = await openWindow(browser, { ...world, viewport: phone })
  const { page } = window
  const look = async (name, options) => {
    mustBeEmpty(`accessibility of ${name}`, await accessible(page))
    if (language === 'zh') await picture(page, `safe-${name}`, options)
  }
  await page.goto(`${world.kapok}/safe`)
  await page.waitForSelector('h2')
  if (language === 'en') await page.click('text=English')

  const wanted = consentWish(`ASK-${language}-${Date.now()}`, 'assistance-review')
  const request = await asked(world, wanted, words.person)
  await signIn(window, `citizen-0${words.person + 1}`, '/safe')
  await page.click('[data-waiting]')
  await page.locator(`[data-request="${request}"]`).waitFor()
  await look('requests')
  await page.click(`a[data-request="${request}"]`)
  await page.waitForSelector('.notice')
  await page.setViewportSize({ ...phone, height: 1440 }) // the whole of it, above the bar below
  await look('request')
  await page.setViewportSize(narrow)
  expect('wider than a narrow phone', await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false)
  await page.setViewportSize(phone)
  await page.click('[data-later]')
  await page.waitForURL(/#\/requests$/) // the request's own page bears its name as well
  await page.click(`a[data-request="${request}"]`)

  await grantsFieldByField(page, words)
  const card = page.locator(`[data-basis="${request}"]`)
  await card.locator(`text=${words.active}`).waitFor()
  expect('the optional field that was not given', (await call(world, wanted, request, words.person)).status, 412)
  const given = { ...wanted, fields: ['insured_state', 'base_wage'] }
  expect('the call after the grant', await call(world, given, request, words.person), { status: 200, code: '' })

  await card.locator('[data-act=pause]').click()
  await card.locator(`text=${words.paused}`).waitFor()
  await look('paused')
  expect('the call during the pause', await call(world, given, request, words.person), { status: 403, code: 'basis-ended' })
  await card.locator('[data-act=resume]').click()
  await card.locator(`text=${words.active}`).waitFor()
  expect('the call after resuming', await call(world, given, request, words.person), { status: 200, code: '' })

  await refusesTheNext(window, world, words, language)
  await refusesALink(window, world, words, language)
  mustBeEmpty('what the pages did wrong', window.faults)
  await window.context.close()
}

async function asked(world, wanted, person) {
  const { status, code, basis_id: id } = await askConsent(world, wanted, person)
  expect('the request for consent', { status, code }, { status: 200, code: '' })
  return id
}

/** Agreeing waits for each sensitive field; an optional one that is given becomes one more. */
async function grantsFieldByField(page, words) {
  const grant = page.locator('[data-grant]')
  await grant.waitFor()
  expect('agreeing before the sensitive field', await grant.isDisabled(), true)
  expect('the sensitive fields', await page.locator('[data-separate]').allInnerTexts().then((all) => all.length), 1)
  await page.click('[data-optional=pension_amount]')
  await page.locator('[data-separate=pension_amount]').waitFor()
  await page.click('[data-separate=base_wage]')
  expect('agreeing with one of two', await grant.isDisabled(), true)
  await page.click('[data-optional=pension_amount]')
  expect('what is agreed to', (await page.locator('[data-separate=base_wage]').innerText()).includes(words.pay), true)
  await grant.click()
  await page.waitForSelector(`.passing >> text=${words.agreed}`)
}

/** The link of a request that was sent leads to it, and its refusal reaches the department. */
async function refusesTheNext({ page }, world, words, language) {
  const wanted = { ...consentWish(`REF-${language}-${Date.now()}`, 'assistance-review'), item: '1010010001/000001', fields: ['name', 'state', 'household_size'], optional: [] }
  const request = await asked(world, wanted, words.person)
  await page.goto(handOver(world.kapok, wanted))
  await page.waitForURL(`**/safe#/requests/${request}`)
  await page.click('[data-refuse]')
  await page.waitForSelector(`.passing >> text=${words.refused}`)
  const { status, code } = await askConsent(world, wanted, words.person)
  expect('asking again after a refusal', { status, code }, { status: 409, code: 'consent-cooldown' })
}

/** A mere link: nothing is sent, and the page says so. */
async function refusesALink({ page }, world, words, language) {
  await page.goto(handOver(world.kapok, wish(`LINK-${language}-${Date.now()}`)))
  await page.waitForSelector('.notice')
  const sent = []
  page.on('request', (request) => { if (request.method() !== 'GET') sent.push(request.url()) })
  await page.click('[data-refuse]')
  await page.waitForSelector(`.passing >> text=${words.nothing}`)
  expect('what a refused link sends', sent, [])
}
