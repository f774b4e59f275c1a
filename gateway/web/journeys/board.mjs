import { accessible, desk, mustBeEmpty, openWindow, picture, signIn } from './browser.mjs'
import { expect } from './scene.mjs'

/** The board shows what the journeys before it did, and hands it out as a workbook and a picture. */
export async function board(browser, world) {
  const window = await openWindow(browser, { ...world, viewport: desk })
  const { page } = window
  await signIn(window, 'staff-bureau-01', '/board')
  await page.waitForFunction(() => Number(document.querySelector('[data-released]')?.textContent?.replace(/\D/g, '')) > 0, undefined, { timeout: 60_000, polling: 1000 })
  await page.waitForSelector('canvas')
  await page.waitForTimeout(1200) // until the lines are drawn
  mustBeEmpty('accessibility of the board', await accessible(page))
  await picture(page, 'board', { fullPage: true })
  const [sheet] = await Promise.all([page.waitForEvent('download'), page.click('text=xlsx')])
  expect('the workbook', sheet.suggestedFilename().endsWith('.xlsx'), true)
  const [drawn] = await Promise.all([page.waitForEvent('download'), page.locator('button', { hasText: 'PNG' }).first().click()])
  expect('the picture', drawn.suggestedFilename(), 'uses-by-day.png')
  mustBeEmpty('what the pages did wrong', window.faults)
  await window.context.close()
}
