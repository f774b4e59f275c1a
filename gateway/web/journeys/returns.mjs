import { join } from 'node:path'
import { accessible, atDesk, desk, mustBeEmpty, openWindow, picture } from './browser.mjs'
import { expect } from './scene.mjs'

const said = {
  zh: { reconciled: '已核对', published: '已发布', open: '等第二人确认', misfit: '清单里没有' },
  en: { reconciled: 'Reconciled', published: 'Published', open: 'Waits for a second person', misfit: 'The manifest holds no' },
}

/**
 * The bureau receives a delivery: its manifest with the provider's signature, a wrong file that
 * is refused before it is sent, the right one; it is landed and compared; one person
 * proposes to publish it, and only another can confirm it.
 */
export async function returns(browser, world, language) {
  const words = said[language]
  const version = { zh: 1, en: 2 }[language]
  const manifest = join(world.deliveries, `manifest-${version}.json`)
  const one = await openWindow(browser, { ...world, viewport: desk })
  const look = async (page, name, options) => {
    await page.mouse.move(0, 0)
    await page.waitForTimeout(350)
    mustBeEmpty(`accessibility of ${name}`, await accessible(page))
    if (language === 'zh') await picture(page, `desk-${name}`, options)
  }
  await atDesk(one, 'staff-bureau-01', language)
  await one.page.goto(`${world.kapok}/desk#/returns`)
  const announce = one.page.locator('[data-announce]')
  await announce.locator('[data-manifest]').setInputFiles(manifest)
  await announce.locator('[data-signature]').setInputFiles(`${manifest}.jws`)
  await announce.locator('[data-send]').click()
  const card = one.page.locator('[data-delivery]', { hasText: `v${version} ` })
  await card.waitFor()
  await card.locator('[data-files] input').setInputFiles(manifest)
  await card.locator('.alert', { hasText: words.misfit }).waitFor()
  await look(one.page, 'returns-upload')
  await card.locator('[data-files] input').setInputFiles(join(world.deliveries, `subsidies-${version}.csv`))
  await card.locator(`text=${words.reconciled}`).waitFor({ timeout: 60_000 })
  expect('proposing without a reason', await card.locator('[data-propose="publish"]').isDisabled(), true)
  await card.locator('[data-reason] input, input[data-reason]').first().fill('journey')
  await card.locator('[data-propose="publish"]').click()
  const waiting = one.page.locator('[data-proposal]', { hasText: words.open })
  await waiting.first().waitFor()
  await waiting.first().locator('[data-confirm]').click()
  await waiting.first().locator('.alert').waitFor() // whoever proposed it does not confirm it
  await look(one.page, 'returns', { fullPage: true })

  const two = await openWindow(browser, { ...world, viewport: desk })
  await atDesk(two, 'staff-bureau-02', language)
  await two.page.goto(`${world.kapok}/desk#/returns`)
  await two.page.locator('[data-proposal]', { hasText: words.open }).first().locator('[data-confirm]').click()
  await two.page.locator('[data-delivery]', { hasText: `v${version} ` }).locator(`text=${words.published}`).waitFor()
  for (const window of [one, two]) {
    mustBeEmpty('what the pages did wrong', window.faults.filter((fault) => !fault.includes('403')))
    await window.context.close()
  }
}
