import { id } from './demo-page.js'
import type { Answer } from './notes-client.js'
import type { Page } from './page.js'

/** The variables that `record` sets in the page's window. */
interface Recording {
  recorded?: Request
}

/** The notes shown, from the top. */
export async function noteTexts(page: Page): Promise<string[]> {
  return page.evaluate(
    (css) => Array.from(document.querySelectorAll(css), (note) => note.textContent),
    `${id('notes')} .note-text`,
  )
}

/** Writes a note with the keyboard, and waits until it is shown. */
export async function writeNote(page: Page, text: string): Promise<void> {
  await page.type(id('note-text'), text)
  await page.press('Enter')
  await page.waitForText(id('notes'), text)
}

/** The private key of the demo wallet, which the page stores where any script can read it. */
export async function walletKey(page: Page): Promise<string> {
  return page.evaluate(() => localStorage.getItem('demo-wallet-key') ?? '')
}

/** Makes the page keep a copy of each request that it sends, until it is left. */
export async function record(page: Page): Promise<void> {
  await page.evaluate(() => {
    const send = window.fetch
    window.fetch = (request) => {
      ;(window as Recording).recorded = (request as Request).clone()
      return send(request)
    }
  })
}

/** Sends the last recorded request again. */
export async function sendRecorded(page: Page): Promise<Answer> {
  return page.evaluate(async () => {
    const { recorded } = window as Recording
    if (!recorded) throw new Error('nothing is recorded')
    const response = await fetch(recorded)
    const challenge = response.headers.get('www-authenticate')
    return { status: response.status, challenge, ...(await response.json()) }
  })
}
