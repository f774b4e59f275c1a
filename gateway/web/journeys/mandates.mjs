import { accessible, mustBeEmpty, narrow, openWindow, phone, picture, signIn } from './browser.mjs'
import { askConsent, call, consentWish, expect } from './scene.mjs'

const said = {
  zh: { principal: 2, agent: 3, end: '终止', ended: '已终止', invalid: '已失效', power: ['查看', '代为同意'] },
  en: { principal: 3, agent: 2, end: 'End it', ended: 'Ended', invalid: 'No longer valid', power: ['see', 'agree'] },
}

/**
 * A person appoints an agent: they read the text, sign in for it, type the number once more
 * and sign. The agent agrees to what waits; the department's call succeeds; the person ends
 * the mandate, and the next call is refused.
 */
export async function mandates(browser, world, language) {
  const words = said[language]
  const wanted = consentWish(`MAN-${language}-${Date.now()}`, 'assistance-review')
  const { status, basis_id: request } = await askConsent(world, wanted, words.principal)
  expect('the request for consent', status, 200)
  const principal = await opened(browser, world, language, words.principal)
  const look = async ({ page }, name) => {
    mustBeEmpty(`accessibility of ${name}`, await accessible(page))
    if (language === 'zh') await picture(page, `safe-${name}`, { fullPage: true })
  }
  await appoints(principal, world, words, look)
  await look(principal, 'mandates')

  const agent = await opened(browser, world, language, words.agent)
  await agent.page.goto(`${world.kapok}/safe#/mandates`)
  await agent.page.locator('[data-mandate] a').first().click()
  const asked = agent.page.locator(`[data-request="${request}"]`)
  await asked.waitFor()
  await look(agent, 'acting')
  await asked.locator('[data-separate]').first().click()
  await asked.locator('[data-grant]').click()
  await asked.waitFor({ state: 'detached' })
  const given = { ...wanted, fields: ['insured_state', 'base_wage'] }
  expect('the call after the agent agreed', await call(world, given, request, words.principal), { status: 200, code: '' })

  await principal.page.goto(`${world.kapok}/safe#/mandates`)
  await principal.page.locator('[data-end]').first().click()
  await principal.page.locator('.van-dialog__confirm').click()
  await principal.page.locator('[data-mandate]', { hasText: words.ended }).first().waitFor()
  expect('the call after the mandate ended', await call(world, given, request, words.principal), { status: 403, code: 'basis-ended' })
  for (const window of [principal, agent]) {
    mustBeEmpty('what the pages did wrong', window.faults)
    await window.context.close()
  }
}

async function opened(browser, world, language, person) {
  const window = await openWindow(browser, { ...world, viewport: phone })
  await window.page.goto(`${world.kapok}/safe`)
  await window.page.waitForSelector('h2')
  if (language === 'en') await window.page.click('text=English')
  await signIn(window, `citizen-0${person + 1}`, '/safe')
  return window
}

async function appoints(window, world, words, look) {
  const { page } = window
  await page.goto(`${world.kapok}/safe#/mandates`)
  await page.click('[data-appoint]')
  await page.locator('[data-matter]').first().click()
  for (const power of words.power) await page.locator('[data-power]', { hasText: power }).click()
  await page.fill('[data-number]', world.numbers[words.agent])
  await page.click('[data-read]')
  await page.waitForSelector('.notice')
  expect('what is said to who comes back from signing in', await page.locator('.banner').count(), 0)
  await look(window, 'appoint')
  await page.setViewportSize(narrow)
  expect('wider than a narrow phone', await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false)
  await page.setViewportSize(phone)
  await page.click('[data-sign]')
  await page.click(`button[value="citizen-0${words.principal + 1}"]`) // at the identity provider
  await page.waitForSelector('[data-number]')
  expect('the number after signing in', await page.inputValue('[data-number]'), '')
  expect('a number in the address', page.url().includes(world.numbers[words.agent]), false)
  await page.fill('[data-number]', world.numbers[words.agent])
  await page.click('[data-read]')
  await page.click('[data-sign]')
  await page.locator('[data-mandate]').first().waitFor()
}
