import { readFile } from 'node:fs/promises'
import { accessible, atDesk, desk, mustBeEmpty, openWindow, picture } from './browser.mjs'
import { expect } from './scene.mjs'

const said = {
  zh: { mended: '处要改', published: '已发布', allowed: '允许', refused: '拒绝', nobody: '没有人得到或失去什么', waits: '已提议' },
  en: { mended: 'to be mended', published: 'Published', allowed: 'Allowed', refused: 'Refused', nobody: 'Nobody gains or loses', waits: 'Proposed' },
}

/**
 * The bureau imports a form: once with a mistake, which is shown at its cell, and once without;
 * another of its people confirms, and the two editions are compared. A decision is tried; a
 * changed policy is replayed. What ends soon is listed.
 */
export async function publishing(browser, world, language) {
  const words = said[language]
  const one = await openWindow(browser, { ...world, viewport: desk })
  const look = async (page, name, options) => {
    await page.mouse.move(0, 0) // what the pointer rests on has another colour
    await page.waitForTimeout(350)
    mustBeEmpty(`accessibility of ${name}`, await accessible(page))
    if (language === 'zh') await picture(page, `desk-${name}`, options)
  }
  await atDesk(one, 'staff-bureau-01', language)
  await triesDecisions(one, world, words, look)
  await draftsAPolicy(one, world, words, look)
  const title = `Ⅱ ${language} ${Date.now()}`
  await importsAForm(one, world, words, look, title)

  const two = await openWindow(browser, { ...world, viewport: desk })
  await atDesk(two, 'staff-bureau-02', language)
  await two.page.goto(`${world.kapok}/desk#/editions`)
  const card = two.page.locator('[data-proposal]', { hasText: title })
  await card.locator('[data-read]').click()
  await card.locator('table').waitFor()
  await look(two.page, 'editions', { fullPage: true })
  await card.locator('[data-confirm]').click()
  await card.locator(`text=${words.published}`).waitFor()
  await two.page.locator('[data-compare] button').click()
  await two.page.locator('[data-compare] table').waitFor()
  await two.page.goto(`${world.kapok}/desk#/keys`)
  await two.page.waitForSelector('h1')
  await two.page.fill('[data-system] input', 'tianhe-renshe-butie')
  await two.page.click('[data-system] button')
  await two.page.locator('[data-system] .alert').waitFor() // the bureau is no officer of that department
  await look(two.page, 'keys')
  for (const window of [one, two]) {
    mustBeEmpty('what the pages did wrong', window.faults)
    await window.context.close()
  }
}

/** A statutory basis allows what none refuses. */
async function triesDecisions({ page }, world, words, look) {
  await page.goto(`${world.kapok}/desk#/policies`)
  const trial = page.locator('[data-trial]')
  await trial.waitFor()
  await trial.locator('input[placeholder="tianhe-minzheng-dibao"]').fill('tianhe-minzheng-dibao')
  await choose(page, trial.locator('.el-select').nth(0), '居民户籍登记信息')
  await choose(page, trial.locator('.el-select').nth(1), '姓名', '户籍状态')
  await trial.locator('input[placeholder="11440106KAPK0002272010511001000"]').fill('11440106KAPK0002272010511001000')
  await trial.locator('input[placeholder="assistance-review"]').fill('assistance-review')
  await trial.locator('[data-ask]').click()
  await page.locator('[data-verdict]', { hasText: words.refused }).waitFor()
  await choose(page, trial.locator('.el-select').nth(3), /法定职责|duty laid down/)
  await trial.locator('[data-ask]').click()
  await page.locator('[data-verdict]', { hasText: words.allowed }).waitFor()
  await look(page, 'policies')
}

/** Chooses in a list that opens; one that takes several stays open until it is left. */
async function choose(page, select, ...options) {
  await select.click()
  for (const option of options) await page.locator('.el-select-dropdown__item:visible', { hasText: option }).first().click()
  if (options.length > 1) await page.keyboard.press('Escape')
}

/** A comment changes nothing for anybody: the replay says so. */
async function draftsAPolicy({ page }, world, words, look) {
  await page.locator('[role=tab]').nth(1).click()
  const draft = page.locator('[data-draft]')
  await draft.locator('textarea').waitFor()
  const text = await draft.locator('textarea').inputValue()
  await draft.locator('textarea').fill(`${text}\n// ${Date.now()}\n`)
  await draft.locator('[data-replay]').click()
  await page.locator('[data-report]', { hasText: words.nobody }).waitFor()
  await look(page, 'replay')
}

/** The form with the items in force, spoilt and then with one title changed. */
async function importsAForm({ page }, world, words, look, title) {
  await page.goto(`${world.kapok}/desk#/editions`)
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-filled]')])
  const form = await readFile(await download.path())
  expect('the form is a workbook', form.subarray(0, 2).toString(), 'PK')
  await page.setInputFiles('[data-import] input[type=file]', asForm('broken.csv', title, '昨天'))
  await page.locator('[data-place]').first().waitFor()
  await page.locator(`[data-import] >> text=${words.mended}`).waitFor()
  await look(page, 'import')
  await page.setInputFiles('[data-import] input[type=file]', asForm('form.csv', title, '2025-08-01'))
  await page.locator('[data-import] table').waitFor()
  await page.fill('[data-import] [data-reason]', title)
  await page.click('[data-propose]')
  await page.locator('[data-proposal]', { hasText: title }).waitFor()
}

/** A form with one new item; published says when it was published. */
function asForm(name, title, published) {
  const code = `1010010001/000${100 + (Date.now() % 900)}`
  const rows = ['代码,版本,名称,提供方,摘要,格式,查询主体,共享类型,共享条件,共享方式,更新周期,发布日期,使用条件,字段名,信息项名称,数据类型',
    `${code},1,${title},tianhe-minzheng,摘要,接口,公民身份号码,不予,条件,接口,每日,${published},仅限本案,name,姓名,字符型`]
  return { name, mimeType: 'text/csv', buffer: Buffer.from(`${rows.join('\n')}\n`) }
}
