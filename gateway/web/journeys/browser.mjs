// A real Chromium for the journeys: one that asks nobody but Kapok and its identity
// provider, and that notes whatever a page does wrong.
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)

/** Sizes of the screens that people have. */
export const phone = { width: 390, height: 844 }
export const narrow = { width: 320, height: 640 }
export const desk = { width: 1440, height: 900 }

export async function openBrowser(extra = []) {
  return chromium.launch({
    executablePath: process.env.KAPOK_CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none', ...extra],
  })
}

/**
 * A person's own window. faults collects requests to strangers, errors of scripts and breaches
 * of the content security policy; a journey ends only when there are none.
 */
export async function openWindow(browser, { kapok, outside, viewport = phone, locale = 'zh-CN', colorScheme = 'light', permissions = [] }) {
  const context = await browser.newContext({ viewport, locale, colorScheme, permissions, timezoneId: 'Asia/Shanghai', deviceScaleFactor: 1, acceptDownloads: true })
  const faults = []
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (!['data:', 'blob:'].includes(protocol) && origin !== kapok && origin !== outside) faults.push(`asked ${request.url()}`)
  })
  const page = await context.newPage()
  page.setDefaultTimeout(45_000) // a loaded machine is no fault
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`))
  page.on('console', (message) => { if (/Content.Security.Policy|Refused to/i.test(message.text())) faults.push(`policy: ${message.text()}`) })
  return { context, page, faults, kapok }
}

/** Signs in at the identity provider, where a click on a name is all that is asked. */
export async function signIn({ page, kapok }, subject, at) {
  await page.goto(`${kapok}/auth/login?return_to=${encodeURIComponent(at)}`)
  await Promise.all([page.waitForURL(`${kapok}/**`), page.click(`button[value="${subject}"]`)])
}

/** A member of staff at the desk, who sees it in a language. */
export async function atDesk(window, subject, language) {
  await window.page.goto(`${window.kapok}/desk`)
  await window.page.waitForSelector('h1')
  await window.page.evaluate((chosen) => localStorage.setItem('kapok-preferences', JSON.stringify({ language: chosen })), language)
  await signIn(window, subject, '/desk')
  await window.page.waitForSelector('.side')
}

/** Serious and critical findings of axe-core on what is shown now. */
export async function accessible(page) {
  const axe = await import('node:fs/promises').then(({ readFile }) => readFile(require.resolve('axe-core/axe.min.js'), 'utf8'))
  const found = await page.evaluate(`(() => { ${axe}; return axe.run(document, { resultTypes: ['violations'] }) })()`)
  return found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => target.join(' ') + ' ' + failureSummary.replace(/\s+/g, ' ')).join(' | ')}`)
}

/** Writes a screenshot where the README looks for it; none without a folder. */
export async function picture(page, name, options = {}) {
  const folder = process.env.KAPOK_PICTURES
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.waitForTimeout(350) // until what slides in stands still
  await page.screenshot({ path: `${folder}/${name}.png`, ...options })
}

/** Throws with every fault, so that a journey tells all at once. */
export function mustBeEmpty(what, list) {
  if (list.length) throw new Error(`${what}:\n  ${list.join('\n  ')}`)
}
