import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessible, desk, mustBeEmpty, openBrowser, openWindow, phone, picture, signIn } from './browser.mjs'
import { expect } from './scene.mjs'

const said = {
  zh: { show: '出示', good: '有效', used: '不能用', genuine: '真', no: '这不是 OFD', rule: '不能再要求' },
  en: { show: 'Show', good: 'In force', used: 'Cannot be used', genuine: 'Genuine', no: 'This is no OFD', rule: 'must not be asked for again' },
}

/**
 * A licence is issued; its holder shows the QR on the phone; a camera sees the phone's screen, and
 * the counter's page reads the code from the camera's frames. The same picture again is refused.
 * Then the file itself is dropped.
 */
export async function counter(browser, world, language) {
  const words = said[language]
  const made = await issued(browser, world, `WIN-${language}-${Date.now()}`)
  const holder = await openWindow(browser, { ...world, viewport: phone })
  await begin(holder, 'citizen-01', '/safe', language)
  await holder.page.goto(`${world.kapok}/safe#/licences`)
  const file = await contentOf(holder.page, `/v1/me/licences/${made}/file`)
  await holder.page.click(`[data-licence="${made}"] .van-checkbox`)
  await holder.page.click(`button:has-text("${words.show}") >> nth=-1`)
  await holder.page.waitForSelector('[data-qr]')
  mustBeEmpty('accessibility of the code', await accessible(holder.page))
  if (language === 'zh') await picture(holder.page, 'safe-code')

  const folder = await mkdtemp(join(tmpdir(), 'kapok-camera-'))
  const film = join(folder, 'phone.y4m')
  await writeFile(film, await filmed(holder.page))
  const seeing = await openBrowser(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${film}`])
  try {
    await atTheCounter(seeing, world, language, words, file)
  } finally {
    await seeing.close()
    await rm(folder, { recursive: true })
  }
  await holder.page.waitForSelector('.banner.good') // who scanned it, at once
  await holder.page.click('.actions .van-button--primary')
  await holder.page.waitForSelector('[data-qr]')
  await holder.page.click('[data-take-back]') // a code that nobody scanned is taken back
  await holder.page.waitForSelector('[data-licence]')
  mustBeEmpty('what the holder’s page did wrong', holder.faults)
  await holder.context.close()
}

async function atTheCounter(browser, world, language, words, file) {
  const window = await openWindow(browser, { ...world, viewport: desk, permissions: ['camera'] })
  const { page } = window
  await begin(window, 'staff-desk-01', '/desk', language)
  await page.goto(`${world.kapok}/desk#/counter`)
  await page.fill('[data-case] input, input[data-case]', `YZ-${language}-${Date.now()}`)
  await page.click('[data-open]')
  await page.click('[data-camera]')
  await page.locator('.verdict.good', { hasText: words.good }).waitFor()
  mustBeEmpty('accessibility of the counter', await accessible(page))
  if (language === 'zh') await picture(page, 'desk-counter', { fullPage: true })
  await page.click('[data-material=met] button') // paper is asked for all the same
  await page.locator('section [role=alert]', { hasText: words.rule }).waitFor()
  await page.click('[data-camera]') // the same picture once more, as a screenshot would be
  await page.locator('.verdict.bad', { hasText: words.used }).waitFor()

  await page.setInputFiles('input[type=file]', { name: 'photo.ofd', mimeType: 'application/ofd', buffer: Buffer.from('no such thing') })
  await page.locator('[role=alert]', { hasText: words.no }).waitFor()
  await page.setInputFiles('input[type=file]', { name: 'licence.ofd', mimeType: 'application/ofd', buffer: file })
  await page.locator('.verdict.good', { hasText: words.genuine }).waitFor()
  mustBeEmpty('accessibility of a file’s verdict', await accessible(page))
  if (language === 'zh') await picture(page, 'desk-file', { fullPage: true })
  mustBeEmpty('what the counter’s page did wrong', window.faults)
  await window.context.close()
}

async function begin(window, subject, at, language) {
  await signIn(window, subject, at)
  await window.page.waitForSelector('h1, h2')
  if (language === 'en') await window.page.click('text=English')
}

/** The issuing department's officer makes and seals a licence; returns its id. */
async function issued(browser, world, number) {
  const window = await openWindow(browser, { ...world, viewport: desk })
  await signIn(window, 'staff-issuer-01', '/desk')
  const made = await window.page.evaluate(async ({ number, citizen }) => {
    const { csrf_token } = await (await fetch('/v1/me')).json()
    const answer = await fetch('/v1/licences', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token },
      body: JSON.stringify({
        type: '11100000KAPK010257001', holder: { id_type: '111', id_number: citizen.number, name: citizen.name }, number,
        fields: { category: 'A类', household_members: '3' }, service_item: '11440106KAPK0002272010511001000', case_no: number, sign: true,
      }),
    })
    return { status: answer.status, told: await answer.json() }
  }, { number, citizen: world.citizen })
  await window.context.close()
  expect('the issue', made.status, 201)
  return made.told.id
}

async function contentOf(page, address) {
  const encoded = await page.evaluate(async (address) => {
    const content = new Uint8Array(await (await fetch(address)).arrayBuffer())
    return btoa(content.reduce((text, byte) => text + String.fromCharCode(byte), ''))
  }, address)
  return Buffer.from(encoded, 'base64')
}

/** What a camera before the phone sees: a few frames of the code, as Y4M. */
async function filmed(page) {
  const { width, height, luma } = await page.evaluate(() => {
    const code = document.querySelector('[data-qr]')
    const scene = Object.assign(document.createElement('canvas'), { width: 800, height: 800 })
    const context = scene.getContext('2d')
    context.fillStyle = '#bbb'
    context.fillRect(0, 0, 800, 800)
    context.drawImage(code, 60, 60, 680, 680)
    const { data } = context.getImageData(0, 0, 800, 800)
    let luma = ''
    for (let at = 0; at < data.length; at += 4) luma += String.fromCharCode(data[at])
    return { width: 800, height: 800, luma: btoa(luma) }
  })
  const grey = Buffer.alloc(width * height / 2, 128)
  const frame = Buffer.concat([Buffer.from('FRAME\n'), Buffer.from(luma, 'base64'), grey])
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`), frame, frame, frame])
}
