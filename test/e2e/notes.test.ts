import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import {
  BUTTON,
  chooseWallet,
  focused,
  id,
  isVisible,
  signIn,
  signOut,
  tabTo,
  untilStatus,
  untilVisible,
  visit,
  widthOverflow,
} from './demo-page.js'
import { describeEngines } from './engines.js'
import { answer, notesSession, refused, signInAt } from './notes-client.js'
import { noteTexts, record, sendRecorded, walletKey, writeNote } from './notes-page.js'
import { type NotesProcess, startNotes } from './notes-process.js'
import type { Page } from './page.js'

let notes: NotesProcess
let api: string
beforeAll(async () => {
  notes = await startNotes()
  api = `${notes.url}api`
})
afterAll(async () => {
  expect(notes.complaints()).toBe('')
  expect(await notes.interrupt()).toBe(0)
})

describe('the notes server', () => {
  it('accepts a signed request once, however it is sent again', async () => {
    const session = await signInAt(notes.url)
    const note = new Request(`${api}/notes`, { method: 'POST', body: '{"text":"Buy cacao beans"}' })
    const request = await session.signRequest(note)
    const captured = request.clone()
    expect((await fetch(request)).status).toBe(201)
    expect(await answer(await fetch(captured))).toEqual(refused('ERR_REQUEST_REPLAYED'))
    const list = await session.fetch(`${api}/notes`)
    expect((await list.json()).notes).toMatchObject([{ text: 'Buy cacao beans' }])
  })

  it('refuses an Authorization header without a signature, and a request with neither', async () => {
    const session = await signInAt(notes.url)
    const { headers } = await session.signRequest(new Request(`${api}/notes`))
    const authorization = headers.get('authorization') ?? ''
    const stolen = await fetch(`${api}/notes`, { headers: { authorization } })
    expect(stolen.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await answer(stolen)).toEqual(refused('ERR_REQUEST_UNSIGNED'))
    expect(await answer(await fetch(`${api}/notes`))).toEqual(refused('ERR_REQUEST_UNSIGNED'))
  })

  it('refuses a signature of another request or body', async () => {
    const session = await signInAt(notes.url)
    const { headers } = await session.signRequest(new Request(`${api}/notes`, { method: 'POST', body: '{}' }))
    const post = async (path: string, body: string) =>
      answer(await fetch(`${api}/${path}`, { method: 'POST', headers, body }))
    expect(await post('notes?all', '{}')).toEqual(refused('ERR_REQUEST_SIGNATURE'))
    expect(await post('notes', '[]')).toEqual(refused('ERR_REQUEST_DIGEST'))
  })

  it('admits a sign-in with its own nonce, once', async () => {
    const outside = await notesSession(notes.url)
    expect(await answer(await outside.fetch(`${api}/notes`))).toEqual(refused('ERR_SIGN_IN'))
    const { nonce } = outside.cacao.p
    const signInWith = async (session: typeof outside) =>
      answer(await session.fetch(`${api}/sign-in`, { method: 'POST' }))
    expect(await signInWith(outside)).toMatchObject({ status: 204 })
    expect(await signInWith(outside)).toMatchObject({ status: 204 })
    expect((await outside.fetch(`${api}/notes`)).status).toBe(200)
    for (const used of [nonce, '0'.repeat(nonce.length)]) {
      const other = await notesSession(notes.url, { nonce: used })
      expect(await signInWith(other)).toEqual(refused('ERR_SIGN_IN_NONCE'))
      expect(await answer(await other.fetch(`${api}/notes`))).toEqual(refused('ERR_SIGN_IN'))
    }
  })

  it('shows each account its own notes', async () => {
    const [owner, other] = [await signInAt(notes.url), await signInAt(notes.url)]
    const body = JSON.stringify({ text: 'Buy cacao beans' })
    const { id } = await (await owner.fetch(`${api}/notes`, { method: 'POST', body })).json()
    expect(await (await other.fetch(`${api}/notes`)).json()).toEqual({ notes: [] })
    const remove = async (session: typeof owner) =>
      answer(await session.fetch(`${api}/notes/${id}`, { method: 'DELETE' }))
    expect(await remove(other)).toEqual(refused('ERR_NOTE_GONE', 404))
    expect(await remove(owner)).toMatchObject({ status: 204 })
  })

  it('refuses a capability that does not cover the request, or is for another domain', async () => {
    const narrow = await notesSession(notes.url, { resources: [`${api}/notes`] })
    const signIn = await narrow.fetch(`${api}/sign-in`, { method: 'POST' })
    expect(await answer(signIn)).toEqual(refused('ERR_CAPABILITY_RESOURCES', 403))
    const elsewhere = await notesSession(notes.url, { domain: 'example.com' })
    expect(await answer(await elsewhere.fetch(`${api}/notes`))).toEqual(refused('ERR_CAPABILITY_DOMAIN'))
  })
})

describeEngines('the notes page', (engine) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await openBrowser(engine)
    page = browser.page
  })
  afterAll(() => browser.close())
  beforeEach(() => visit(page, notes.url))

  it('shows the notes after a reload, and none after a sign-out', async () => {
    await page.setViewport(1280, 800)
    await chooseWallet(page)
    const text = await page.text(id('wallet-message'))
    expect(text).toMatch(/\nNonce: [0-9a-f]{52}\n/)
    expect(text).toContain(`\n- ${api}/*`)
    await page.click(id('wallet-sign'))
    await untilVisible(page, 'no-notes')
    await page.waitFor((css) => document.activeElement?.matches(css), BUTTON)
    await writeNote(page, 'Buy cacao beans')
    await writeNote(page, 'Roast <b>them</b> at 140 °C')
    const written = ['Roast <b>them</b> at 140 °C', 'Buy cacao beans']
    expect(await noteTexts(page)).toEqual(written)

    await page.reload()
    await page.waitForText(id('notes'), 'Buy cacao beans')
    expect(await noteTexts(page)).toEqual(written)
    expect(await isVisible(page, 'wallet-dialog')).toBe(false)

    await tabTo(page, 'delete-note')
    await page.press('Enter')
    await page.waitForText(id('status'), 'The note is deleted.')
    expect(await noteTexts(page)).toEqual(['Buy cacao beans'])
    expect(await focused(page)).toBe('note-text')

    await record(page)
    await signOut(page)
    await page.waitForText(id('status'), 'You are signed out.')
    expect(await noteTexts(page)).toEqual([])
    expect(await sendRecorded(page)).toEqual(refused('ERR_CAPABILITY_REVOKED'))
    await page.reload()
    await untilStatus(page, 'signed-out')
    expect(await isVisible(page, 'account')).toBe(false)

    await signIn(page)
    await page.waitForText(id('notes'), 'Buy cacao beans')
  })

  // The texts and the layout are the same everywhere, so one engine is enough.
  if (engine.name !== 'chromium') return

  it('explains refusals in words, in a narrow window too', async () => {
    await page.setViewport(500, 800)
    await signIn(page)
    await untilVisible(page, 'no-notes')
    expect(await widthOverflow(page)).toBe(0)

    const otherDevice = await signInAt(notes.url, await walletKey(page))
    await otherDevice.fetch(`${api}/sign-out-everywhere`, { method: 'POST' })
    await page.type(id('note-text'), 'Buy cacao beans')
    await page.press('Enter')
    await page.waitForText(id('status'), 'You were signed out, here or on another device. Sign in again.')
    await untilStatus(page, 'signed-out')
    expect(await isVisible(page, 'account')).toBe(false)
  })
})
