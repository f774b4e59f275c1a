import { accessible, mustBeEmpty, narrow, openWindow, phone, picture, signIn } from './browser.mjs'
import { call, expect, handOver, wish } from './scene.mjs'

const said = {
  zh: { grant: '同意', withdraw: '撤回', active: '正在生效', withdrawn: '已撤回', refused: '已拒绝', language: 'English' },
  en: { grant: 'Agree', withdraw: 'Withdraw', active: 'In force', withdrawn: 'Withdrawn', refused: 'Refused', language: '中文' },
}

/** A citizen grants, sees the use, checks its proof, withdraws; the next call is refused. */
export async function citizen(browser, world, language) {
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
  await look('welcome')
  await signIn(window, 'citizen-01', '/safe')
  await page.waitForSelector('.tiles')
  await look('home')

  const wanted = wish(`WEB-${language}-${Date.now()}`)
  await page.goto(handOver(world.kapok, wanted))
  await page.waitForSelector('.notice')
  await look('ask')
  const granting = page.waitForResponse((response) => response.url().endsWith('/v1/me/bases') && response.request().method() === 'POST')
  await page.click(`button:has-text("${words.grant}") >> nth=-1`)
  const basis = await (await granting).json()
  const card = page.locator(`[data-basis="${basis.id}"]`)
  await card.locator(`text=${words.active}`).waitFor()
  await look('bases')
  expect('the call after the grant', await call(world, wanted, basis.id), { status: 200, code: '' })

  await page.goto(`${world.kapok}/safe#/uses`)
  await page.locator('a.card', { hasText: '✓' }).first().waitFor()
  await look('uses')
  await page.locator('.by select').last().selectOption('30')
  await page.locator('a.card', { hasText: '✓' }).first().waitFor()
  const [taken] = await Promise.all([page.waitForEvent('download'), page.click('.take a >> nth=0')])
  expect('the record taken along', /^my-record-\d{8}\.csv$/.test(taken.suggestedFilename()), true)
  await page.locator('a.card', { hasText: '✓' }).first().click()
  await page.waitForSelector('[data-verdict].good')
  await page.locator('.facts dd', { hasText: wanted.case_no }).first().waitFor()
  await look('proof', { fullPage: true })
  expect('steps that passed', await page.locator('.steps .pass').count(), 8)
  await downloaded(page)
  await page.setViewportSize(narrow)
  expect('wider than a narrow phone', await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false)
  await page.setViewportSize(phone)

  await page.goto(`${world.kapok}/safe#/bases`)
  await card.locator(`button:has-text("${words.withdraw}")`).click()
  await page.locator('.van-dialog__confirm').click()
  await page.locator('.van-dialog').waitFor({ state: 'hidden' }) // while it fades it has lost its name
  await card.locator(`text=${words.withdrawn}`).waitFor()
  expect('the call after the withdrawal', await call(world, wanted, basis.id), { status: 403, code: 'basis-ended' })
  await page.goto(`${world.kapok}/safe#/uses`)
  await page.locator('a.card', { hasText: words.refused }).first().waitFor()
  await look('refused')
  await rest(page, world, look)
  expect('personal values in the browser’s storage', await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage }).sort()), ['kapok-preferences', 'kapok-root'])
  mustBeEmpty('what the pages did wrong', window.faults)
  await window.context.close()
}

async function downloaded(page) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.proof .van-button--primary').click()])
  expect('the name of the proof', file.suggestedFilename(), 'receipt.json')
}

async function rest(page, world, look) {
  for (const name of ['licences', 'me']) {
    await page.goto(`${world.kapok}/safe#/${name}`)
    await page.waitForTimeout(300)
    await look(name)
  }
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(`${world.kapok}/safe#/uses`)
  await page.waitForSelector('a.card')
  await look('dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto(`${world.kapok}/safe#/me`)
  await page.locator('.van-switch').first().click()
  await page.goto(`${world.kapok}/safe#/bases`)
  await page.waitForSelector('article.card')
  await look('large')
  expect('large type wider than the phone', await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false)
}
