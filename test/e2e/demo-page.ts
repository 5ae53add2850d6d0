import type { Page } from './page.js'

/** The selector of an element that the demo marks with a test id. */
export const id = (name: string): string => `[data-testid="${name}"]`

/** The selector of a choice in the sign-in dialog, by the name that the wallet announces. */
export const choice = (name: string): string => `.cacao-sign-in-choice[data-name="${name}"]`

export const BUTTON = '.cacao-sign-in-button'
export const WALLET: string = choice('Demo wallet')

/** Waits until the sign-in button shows signed-out, or signed-in. */
export async function untilStatus(page: Page, status: 'signed-out' | 'signed-in'): Promise<void> {
  await page.waitFor((css) => document.querySelector(css) !== null, `.cacao-sign-in[data-status=${status}]`)
}

/** Opens the dialog of the sign-in button, and waits until it has a choice. */
export async function openChoices(page: Page, css: string = WALLET): Promise<void> {
  // The button is disabled until the page has loaded its session.
  await untilStatus(page, 'signed-out')
  await page.click(BUTTON)
  await page.waitFor((wanted) => document.querySelector(wanted)?.checkVisibility() ?? false, css)
  // While it still looks for wallets, new choices move the others, and WebKit's driver would click beside them.
  await page.waitFor(() => document.querySelector('.cacao-sign-in-choices[aria-busy]') === null)
}

export async function untilVisible(page: Page, name: string): Promise<void> {
  await page.waitFor((css) => document.querySelector(css)?.checkVisibility() ?? false, id(name))
}

export async function isVisible(page: Page, name: string): Promise<boolean> {
  return page.evaluate((css) => document.querySelector(css)?.checkVisibility() ?? false, id(name))
}

/** The element's tooltip, which has the full text that the page shortens. */
export async function fullText(page: Page, name: string): Promise<string> {
  return page.evaluate((css) => document.querySelector<HTMLElement>(css)?.title ?? '', id(name))
}

/** The test id, or else the id or the class, of the focused element. */
export async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { dataset, id, className } = document.activeElement as HTMLElement
    return dataset.testid ?? (id || className)
  })
}

/** Deletes everything that this browser has stored for the demo. */
export async function clearSite(page: Page, url: string): Promise<void> {
  // A page of the same origin, without a script that could keep a connection open.
  await page.goto(`${url}icon.svg`)
  await page.evaluate(async () => {
    localStorage.clear()
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase('cacao-session')
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error)
    })
  })
}

/** Opens the demo as on a first visit. */
export async function visit(page: Page, url: string): Promise<void> {
  await clearSite(page, url)
  await page.goto(url)
  await untilStatus(page, 'signed-out')
}

/** Opens the wallet's prompt, and waits for its dialog. */
export async function chooseWallet(page: Page): Promise<void> {
  await openChoices(page)
  await page.click(WALLET)
  await untilVisible(page, 'wallet-sign')
}

export async function signIn(page: Page): Promise<void> {
  await chooseWallet(page)
  await page.click(id('wallet-sign'))
  await untilVisible(page, 'account')
  await untilClosed(page)
}

/** Waits until the sign-in dialog is closed: until then, nothing below it can be clicked. */
export async function untilClosed(page: Page): Promise<void> {
  await page.waitFor(() => document.querySelector('.cacao-sign-in-dialog[open]') === null)
}

/** Closes the sign-in button's dialog, if it is open. */
export async function closeChoices(page: Page): Promise<void> {
  await page.evaluate(() => document.querySelector<HTMLElement>('.cacao-sign-in-close')?.click())
  await untilClosed(page)
}

/** Presses Tab, or Shift+Tab to go back, until the element has the focus. After the last element, the focus leaves the page. */
export async function tabTo(page: Page, name: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = []
  while (passed.length < 25) {
    const here = await focused(page)
    if (here === name) return
    passed.push(here)
    await page.press(key)
  }
  throw new Error(`${key} never reaches ${name}, but ${passed.join(', ')}`)
}

/** The seconds that the countdown shows, read from its machine-readable duration. */
export async function secondsLeft(page: Page): Promise<number> {
  const duration = await page.evaluate(
    (css) => document.querySelector(css)?.getAttribute('datetime') ?? '',
    id('countdown'),
  )
  const parts = /^P(\d+)DT(\d+)H(\d+)M(\d+)S$/.exec(duration)
  if (!parts) throw new Error(`no duration: ${duration}`)
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map(Number)
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
}

/** The number of pixels by which the page is wider than its window. */
export async function widthOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

/** Signs out with the sign-in button, and waits until the page shows it. */
export async function signOut(page: Page): Promise<void> {
  await untilClosed(page)
  await page.click(BUTTON)
  await page.waitFor(() => document.querySelector('.cacao-sign-in-out')?.checkVisibility() ?? false)
  await page.click('.cacao-sign-in-out')
  await untilStatus(page, 'signed-out')
  await untilClosed(page)
}
