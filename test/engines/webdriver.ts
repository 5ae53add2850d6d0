import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startDisplay } from './display.js'
import type { WebKitEngine } from './engine.js'
import { freePort } from './free-port.js'
import { startProcess, stopProcess } from './processes.js'

interface Reply {
  readonly value: unknown
}

interface WebDriverError {
  readonly error: string
  readonly message: string
}

interface NewSession {
  readonly sessionId: string
}

interface NewWindow {
  readonly handle: string
}

type Method = 'GET' | 'POST' | 'DELETE'

type Outcome = { readonly value?: unknown; readonly error?: string }

// WebDriver's fixed key for a reference to an element.
const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

/** Wraps a function's source so that it returns the outcome of its promise, or the error with the page's stack. */
const asyncScript = (source: string): string => `
  const done = arguments[arguments.length - 1]
  const args = [...arguments].slice(0, -1)
  Promise.resolve().then(() => (${source})(...args)).then(
    (value) => done({ value: value === undefined ? null : value }),
    (error) => done({ error: String(error) + '\\n' + (error && error.stack) }))`

async function request(method: Method, url: string, body?: object): Promise<unknown> {
  const json = method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json' }, ...json })
  const { value } = (await response.json()) as Reply
  if (response.ok) return value
  const { error, message } = value as WebDriverError
  throw new Error(`${error}: ${message}`)
}

// A busy machine is only slow, so this only limits calls that hang.
const LONGEST_START_MS = 180_000

async function untilReady(base: string, ended: () => boolean): Promise<void> {
  for (const deadline = Date.now() + LONGEST_START_MS; Date.now() < deadline; ) {
    if (ended()) throw new Error('WebKitWebDriver ended before it answered')
    const ready = await fetch(`${base}/status`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) return
    await pause(25)
  }
  throw new Error(`WebKitWebDriver does not answer at ${base} within ${LONGEST_START_MS} ms`)
}

/** A driven browser. It accepts commands for one window at a time, which must be selected first. */
class DrivenBrowser {
  readonly session: string
  readonly stop: () => Promise<void>
  #current: string
  #queue: Promise<unknown> = Promise.resolve()

  constructor(session: string, window: string, stop: () => Promise<void>) {
    this.session = session
    this.stop = stop
    this.#current = window
  }

  /** Runs commands in a window while no commands run in another one. */
  inWindow<Result>(window: string, work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(async () => {
      if (window !== this.#current) await request('POST', `${this.session}/window`, { handle: window })
      this.#current = window
      return work()
    })
    this.#queue = result.catch(() => {})
    return result
  }
}

/** One browser window, driven over the WebDriver protocol. */
export class WebDriver {
  readonly #browser: DrivenBrowser
  readonly #window: string

  constructor(browser: DrivenBrowser, window: string) {
    this.#browser = browser
    this.#window = window
  }

  async goto(url: string): Promise<void> {
    await this.#post('/url', { url })
  }

  async reload(): Promise<void> {
    await this.#post('/refresh')
  }

  /**
   * Goes back, and waits until the other page is shown. A script in a page that is left and kept would never return, so neither
   * a script goes back, nor is the page called meanwhile.
   */
  async back(): Promise<void> {
    await this.#post('/back')
  }

  /** Runs a function's source in the page; arguments and result are passed as JSON. */
  async run(source: string, args: readonly unknown[]): Promise<unknown> {
    const outcome = (await this.#post('/execute/async', { script: asyncScript(source), args })) as Outcome
    if (outcome.error !== undefined) throw new Error(outcome.error)
    return outcome.value
  }

  async click(selector: string): Promise<void> {
    for (let tries = 0; tries < MOST_CLICKS; tries++) {
      const isUncovered = await this.run(String(untilClickable), [selector])
      await this.#post(`/element/${await this.#element(selector)}/click`)
      if (isUncovered !== true) return
      // The driver reports a click even if it hit the place beside the element. If the page has gone, it was clicked.
      if ((await this.run(String(wasClicked), []).catch(() => true)) !== false) return
    }
    throw new Error(`${MOST_CLICKS} clicks went beside ${selector}`)
  }

  async type(selector: string, text: string): Promise<void> {
    await this.#post(`/element/${await this.#element(selector)}/value`, { text })
  }

  /** Presses the keys together, first to last, and releases them in reverse. */
  async press(keys: readonly string[]): Promise<void> {
    const down = keys.map((value) => ({ type: 'keyDown', value }))
    const up = keys.map((value) => ({ type: 'keyUp', value })).reverse()
    await this.#post('/actions', { actions: [{ type: 'key', id: 'keyboard', actions: [...down, ...up] }] })
  }

  /** Presses the mouse at one position of the window, and releases it at another. */
  async drag(from: readonly [x: number, y: number], to: readonly [x: number, y: number]): Promise<void> {
    const move = ([x, y]: typeof from): object => ({ type: 'pointerMove', duration: 0, x, y })
    const actions = [
      move(from),
      { type: 'pointerDown', button: 0 },
      move(to),
      { type: 'pointerUp', button: 0 },
    ]
    const pointer = { type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }
    await this.#post('/actions', { actions: [pointer] })
  }

  async resizeWindow(width: number, height: number): Promise<void> {
    await this.#post('/window/rect', { width, height })
  }

  async screenshot(): Promise<Uint8Array> {
    return Buffer.from(String(await this.#send('GET', '/screenshot')), 'base64')
  }

  /** Another window of the same profile. */
  async newWindow(): Promise<WebDriver> {
    const { handle } = (await this.#post('/window/new', { type: 'window' })) as NewWindow
    return new WebDriver(this.#browser, handle)
  }

  async closeWindow(): Promise<void> {
    await this.#send('DELETE', '/window')
  }

  /** Closes the whole browser. */
  async close(): Promise<void> {
    await request('DELETE', this.#browser.session).catch(() => {})
    await this.#browser.stop()
  }

  #post(path: string, body?: object): Promise<unknown> {
    return this.#send('POST', path, body)
  }

  #send(method: Method, path: string, body?: object): Promise<unknown> {
    const { session } = this.#browser
    return this.#browser.inWindow(this.#window, () => request(method, session + path, body))
  }

  async #element(selector: string): Promise<string> {
    const found = await this.#post('/element', { using: 'css selector', value: selector })
    return (found as Readonly<Record<string, string>>)[elementKey] ?? ''
  }
}

/**
 * A folder with GTK settings that make MiniBrowser's toolbar as small as possible: otherwise the smallest window has about 450
 * pixels, which is wider than a phone.
 */
async function narrowSettings(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cacao-session-gtk-'))
  const style = `toolbar, toolbar *, headerbar, headerbar *, entry, button {
    min-width: 0; min-height: 0; padding: 0; margin: 0; font-size: 1px; -gtk-icon-transform: scale(0.1);
  }`
  for (const version of ['gtk-3.0', 'gtk-4.0']) {
    await mkdir(join(folder, version))
    await writeFile(join(folder, version, 'gtk.css'), style)
  }
  return folder
}

/** Starts a display, the driver and a browser window without a history. */
export async function startWebDriver(engine: WebKitEngine): Promise<WebDriver> {
  const display = await startDisplay(engine.xvfb)
  const port = await freePort()
  const settings = await narrowSettings()
  const driver = startProcess(engine.driver, ['--host=127.0.0.1', `--port=${port}`], {
    env: { ...process.env, ...display.env, XDG_CONFIG_HOME: settings },
    stdio: 'ignore',
  })
  const stop = async (): Promise<void> => {
    await stopProcess(driver)
    await display.stop()
    await rm(settings, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const base = `http://127.0.0.1:${port}`
    await untilReady(base, () => driver.exitCode !== null)
    const options = { binary: engine.executable, args: ['--automation'] }
    const alwaysMatch = { acceptInsecureCerts: true, 'webkitgtk:browserOptions': options }
    const { sessionId } = (await request('POST', `${base}/session`, {
      capabilities: { alwaysMatch },
    })) as NewSession
    const session = `${base}/session/${sessionId}`
    await request('POST', `${session}/timeouts`, { script: 180_000, pageLoad: 180_000 })
    const window = String(await request('GET', `${session}/window`))
    return new WebDriver(new DrivenBrowser(session, window, stop), window)
  } catch (error) {
    await stop()
    throw error
  }
}

const MOST_CLICKS = 3

/**
 * Scrolls to the element, and waits until it no longer moves and nothing lies over it. The driver clicks at a position: it
 * should scroll there, but doesn't for a button just below the window, and another element may be there by then. False for an
 * element that lies below another by design: it is clicked all the same.
 */
async function untilClickable(css: string): Promise<boolean> {
  const page = window as Window & { wasClicked?: boolean }
  // A window in the background draws no frames.
  const moment = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 30))
  const deadline = performance.now() + 10_000
  for (let before = ''; performance.now() < deadline; ) {
    const element = document.querySelector(css)
    element?.scrollIntoView({ block: 'center' })
    await moment()
    const { x = 0, y = 0, width = 0, height = 0 } = element?.getBoundingClientRect() ?? {}
    const place = [x, y, width, height].join()
    const top = document.elementFromPoint(x + width / 2, y + height / 2)
    if (element && place === before && element.contains(top)) {
      page.wasClicked = false
      const heard = ({ target }: Event): void => {
        if (target instanceof Element && target.closest(css)) page.wasClicked = true
      }
      // Only once, so that it reports no later click on something else.
      window.addEventListener('click', heard, { capture: true, once: true })
      return true
    }
    before = place
  }
  return false
}

/** Whether the element that `untilClickable` waited for was clicked; `undefined` in another page. */
function wasClicked(): boolean | undefined {
  return (window as Window & { wasClicked?: boolean }).wasClicked
}
