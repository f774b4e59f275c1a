import { mustBeEmpty, openWindow, signIn } from './browser.mjs'
import { call, expect, handOver, wish } from './scene.mjs'

/** The connection is lost in the middle of granting; two tabs; the session ends under the page. */
export async function lostConnection(browser, world) {
  const window = await openWindow(browser, world)
  const { page, context } = window
  await signIn(window, 'citizen-01', '/safe')
  await page.waitForSelector('.tiles')

  // The request never arrives: the page finds that nothing holds.
  let wanted = wish(`LOST-A-${Date.now()}`)
  await page.goto(handOver(world.kapok, wanted))
  await page.waitForSelector(`.notice:has-text("${wanted.case_no}")`)
  await page.route('**/v1/me/bases', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))
  await page.click('button:has-text("同意") >> nth=-1')
  await page.waitForSelector('text=没有授权，什么也没有生效')
  await page.unroute('**/v1/me/bases')

  // It arrives and the answer is lost: the page finds that it holds.
  wanted = wish(`LOST-B-${Date.now()}`)
  await page.goto(handOver(world.kapok, wanted))
  await page.waitForSelector(`.notice:has-text("${wanted.case_no}")`)
  let basis
  await page.route('**/v1/me/bases', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    basis = await (await route.fetch()).json()
    return route.abort()
  })
  await page.click('button:has-text("同意") >> nth=-1')
  await page.locator(`[data-basis="${basis?.id ?? ''}"], article[data-basis]`).first().waitFor()
  await page.unroute('**/v1/me/bases')
  expect('the call under what was granted', await call(world, wanted, basis.id), { status: 200, code: '' })

  // Another tab withdraws; this one still shows the button and says what holds.
  const other = await context.newPage()
  await other.goto(`${world.kapok}/safe#/bases`)
  await other.locator(`[data-basis="${basis.id}"] [data-act=withdraw]`).click()
  await other.locator('.van-dialog__confirm').click()
  await other.locator(`[data-basis="${basis.id}"] >> text=已撤回`).waitFor()
  await other.close()
  await page.bringToFront()
  await page.locator(`[data-basis="${basis.id}"] [data-act=withdraw]`).click({ timeout: 5000 }).catch(() => undefined) // it may know already
  await page.locator('.van-dialog__confirm').click({ timeout: 5000 }).catch(() => undefined)
  await page.locator(`[data-basis="${basis.id}"] >> text=已撤回`).waitFor()

  // The session ends: the page says so and leads back to where one was.
  await context.clearCookies()
  await page.goto(`${world.kapok}/safe#/uses`)
  await page.waitForSelector('text=登录已结束')
  await page.click('button:has-text("重新登录")')
  await page.click('button[value="citizen-01"]')
  await page.waitForURL(`${world.kapok}/safe#/uses`)
  await page.waitForSelector('a.card')
  mustBeEmpty('what the pages did wrong', window.faults)
  await context.close()
}
