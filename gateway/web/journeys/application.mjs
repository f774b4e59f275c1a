import { accessible, atDesk, desk, mustBeEmpty, openWindow, picture } from './browser.mjs'
import { expect } from './scene.mjs'

const said = {
  zh: { next: '下一步', file: '提交', approve: '批准', state: '已批准', language: 'English', fields: ['姓名', '参保状态'] },
  en: { next: 'Next', file: 'File it', approve: 'Approve', state: 'Approved', language: '中文', fields: ['姓名', '参保状态'] },
}

/** A department applies step by step; the provider sees what it would open and approves. */
export async function application(browser, world, language) {
  const words = said[language]
  const applicant = await openWindow(browser, { ...world, viewport: desk })
  const look = async (page, name, options) => {
    mustBeEmpty(`accessibility of ${name}`, await accessible(page))
    if (language === 'zh') await picture(page, `desk-${name}`, options)
  }
  await atDesk(applicant, 'staff-consumer-01', language)
  await applicant.page.goto(`${world.kapok}/desk#/catalog`)
  await applicant.page.waitForSelector('article')
  await look(applicant.page, 'catalog')
  await applicant.page.goto(`${world.kapok}/desk#/apply/2020010003/000001`)
  const page = applicant.page
  for (const field of words.fields) await page.locator('.el-checkbox', { hasText: field }).first().click()
  await look(page, 'apply')
  await page.click(`button:has-text("${words.next}")`)
  await page.fill('input[placeholder="tianhe-renshe-butie"]', 'tianhe-renshe-butie')
  await page.fill('input[placeholder="sharing-20"]', 'sharing-20')
  await page.locator('textarea').fill('核对就业补贴申请人的参保状态')
  const inputs = page.locator('.field input.el-input__inner')
  await inputs.nth(2).fill('本区就业补贴的申请人')
  await inputs.nth(3).fill('11440106KAPK0003022010614002000')
  await page.fill('input[placeholder="employment-subsidy"]', 'employment-subsidy')
  await page.click(`button:has-text("${words.next}")`)
  await page.click(`button:has-text("${words.file}")`)
  await page.waitForURL(/#\/matters\/[0-9a-f]{32}$/)
  await page.waitForSelector('.opens')
  expect('the applicant’s own approval is offered', await page.locator('[data-event=approved]').count(), 0)
  const address = page.url()

  const provider = await openWindow(browser, { ...world, viewport: desk })
  await atDesk(provider, 'staff-provider-03', language)
  await provider.page.goto(`${world.kapok}/desk#/matters`)
  await provider.page.waitForSelector('table')
  await look(provider.page, 'matters')
  await provider.page.goto(address)
  await provider.page.waitForSelector('.opens tbody tr')
  await look(provider.page, 'matter', { fullPage: true })
  await provider.page.click('[data-event=approved]')
  await provider.page.locator('.mark', { hasText: words.state }).first().waitFor()
  await page.goto(`${world.kapok}/desk#/grants`)
  await page.waitForSelector('article')
  await look(page, 'grants')
  if (language === 'zh') await watching(browser, world, look)
  for (const window of [applicant, provider]) {
    mustBeEmpty('what the pages did wrong', window.faults)
    await window.context.close()
  }
}

/** What the bureau and the auditors read. */
async function watching(browser, world, look) {
  const auditor = await openWindow(browser, { ...world, viewport: desk })
  await atDesk(auditor, 'staff-auditor-01', 'zh')
  const { page } = auditor
  for (const name of ['explorer', 'sources', 'returns', 'stops', 'watch']) {
    await page.goto(`${world.kapok}/desk#/${name}`)
    await page.waitForSelector('h1')
    await page.waitForTimeout(400)
    await look(page, name)
  }
  await page.goto(`${world.kapok}/desk#/explorer`)
  await page.locator('tr:has(.mark.good) a').first().click()
  await page.waitForSelector('.chain')
  await look(page, 'exchange')
  mustBeEmpty('what the pages did wrong', auditor.faults)
  await auditor.context.close()
}
