// Runs every journey and says how long each took. One that fails is gone through once
// more, and says so: a browser on a busy machine may click beside what moves. The first
// that fails twice ends it.
import { openBrowser } from './browser.mjs'
import { board } from './board.mjs'
import { citizen } from './citizen.mjs'
import { application } from './application.mjs'
import { consent } from './consent.mjs'
import { counter } from './counter.mjs'
import { lostConnection } from './lost.mjs'
import { mandates } from './mandates.mjs'
import { publishing } from './publishing.mjs'
import { returns } from './returns.mjs'
import { tour } from './tour.mjs'
import { speed } from './speed.mjs'

const world = { kapok: process.env.KAPOK_AT, outside: process.env.KAPOK_OUTSIDE, departments: process.env.KAPOK_DEPARTMENTS, citizen: JSON.parse(process.env.KAPOK_CITIZEN ?? '{}'), deliveries: process.env.KAPOK_DELIVERIES, numbers: (process.env.KAPOK_NUMBERS ?? '').split(',') }
const journeys = [
  ['citizen, zh', (browser) => citizen(browser, world, 'zh')],
  ['citizen, en', (browser) => citizen(browser, world, 'en')],
  ['consent asked for, zh', (browser) => consent(browser, world, 'zh')],
  ['consent asked for, en', (browser) => consent(browser, world, 'en')],
  ['acting for another, zh', (browser) => mandates(browser, world, 'zh')],
  ['acting for another, en', (browser) => mandates(browser, world, 'en')],
  ['counter, zh', (browser) => counter(browser, world, 'zh')],
  ['counter, en', (browser) => counter(browser, world, 'en')],
  ['board', (browser) => board(browser, world)],
  ['application, zh', (browser) => application(browser, world, 'zh')],
  ['application, en', (browser) => application(browser, world, 'en')],
  ['publishing, zh', (browser) => publishing(browser, world, 'zh')],
  ['publishing, en', (browser) => publishing(browser, world, 'en')],
  ['returned data, zh', (browser) => returns(browser, world, 'zh')],
  ['returned data, en', (browser) => returns(browser, world, 'en')],
  ['the first page and its tour', (browser) => tour(browser, world)],
  ['lost connection, two tabs, session gone', (browser) => lostConnection(browser, world)],
  ['speed on the phone', (browser) => speed(browser, world)],
]

const only = process.env.KAPOK_ONLY ?? ''
const browser = await openBrowser()
try {
  for (const [name, go] of journeys.filter(([name]) => name.includes(only))) {
    const began = Date.now()
    try {
      await go(browser)
    } catch (failure) {
      console.log(`journey ${name}: failed and is tried once more: ${failure}`)
      await go(browser)
    }
    console.log(`journey ${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`)
  }
} finally {
  await browser.close()
}
