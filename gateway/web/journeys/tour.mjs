import { accessible, mustBeEmpty, narrow, openWindow, phone, picture } from './browser.mjs'
import { expect } from './scene.mjs'

/**
 * The first page of a trial: one person plays every role from it. Each link of the tour is
 * followed, each time as the person that it names, to a place that shows itself.
 */
export async function tour(browser, world) {
  const window = await openWindow(browser, { ...world, viewport: phone })
  const { page } = window
  await page.goto(`${world.kapok}/`)
  await page.waitForSelector('.steps a')
  mustBeEmpty('accessibility of the first page', await accessible(page))
  await picture(page, 'start', { fullPage: true })
  await page.setViewportSize(narrow)
  expect('wider than a narrow phone', await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false)
  await page.setViewportSize(phone)
  const links = await page.locator('.roles a, .steps a').evaluateAll((all) => all.map((link) => ({ address: link.href, text: link.innerText })))
  expect('roles and steps', links.length > 10, true)
  const gone = new Set()
  for (const { address, text } of links) {
    const name = /测试员?\S/.exec(text)?.[0]
    const place = new URL(address).searchParams.get('return_to')
    if (gone.has(name + place)) continue
    gone.add(name + place)
    await page.goto(address)
    await Promise.all([page.waitForURL(`${world.kapok}/**`), page.locator('button', { hasText: name }).first().click()])
    await page.waitForSelector('h1:visible, h2:visible')
    expect(`${text} leads on`, page.url().startsWith(world.kapok + place.split('#')[0]), true)
    expect(`${text} shows no alert`, await page.locator('[role=alert]:visible').count(), 0)
  }
  mustBeEmpty('what the pages did wrong', window.faults)
  await window.context.close()
}
