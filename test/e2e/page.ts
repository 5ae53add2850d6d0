import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** A position in the window, from its upper left corner. */
export type Place = readonly [x: number, y: number]

/** What each engine's driver must implement; everything else uses it. */
export interface PageDriver {
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** Goes back in the window's history. */
  goBack(): Promise<void>
  /** Runs a function's source in the page. Arguments and results are passed as JSON. */
  run(source: string, args: readonly unknown[]): Promise<unknown>
  click(selector: string): Promise<void>
  /** Presses the mouse at one position, and releases it at another. */
  drag(from: Place, to: Place): Promise<void>
  /** Types into the element with real key events. */
  type(selector: string, text: string): Promise<void>
  /** A key's name as in `KeyboardEvent.key`, optionally with modifiers: `Tab`, `Shift+Tab`, `Control+a`. */
  press(key: string): Promise<void>
  setViewport(width: number, height: number): Promise<void>
  screenshot(): Promise<Uint8Array>
  close(): Promise<void>
}

// A busy machine is only slow, so this only limits calls that hang.
const LONGEST_WAIT_MS = 120_000

// The errors of playwright if the document was replaced during a call.
function navigating(error: unknown): undefined {
  if (!/context was destroyed|navigat/i.test(String(error))) throw error
}

/** A page that a test drives, with the same methods in every engine. */
export class Page {
  readonly #driver: PageDriver

  constructor(driver: PageDriver) {
    this.#driver = driver
  }

  goto(url: string): Promise<void> {
    return this.#driver.goto(url)
  }

  reload(): Promise<void> {
    return this.#driver.reload()
  }

  /** Goes back in the window's history, as the browser's button does. Afterwards, wait for what the page should show. */
  goBack(): Promise<void> {
    return this.#driver.goBack()
  }

  click(selector: string): Promise<void> {
    return this.#driver.click(selector)
  }

  /** Clicks at a position, on whatever is there; or presses the mouse there and releases it elsewhere. */
  clickAt(place: Place, released: Place = place): Promise<void> {
    return this.#driver.drag(place, released)
  }

  type(selector: string, text: string): Promise<void> {
    return this.#driver.type(selector, text)
  }

  press(key: string): Promise<void> {
    return this.#driver.press(key)
  }

  setViewport(width: number, height: number): Promise<void> {
    return this.#driver.setViewport(width, height)
  }

  close(): Promise<void> {
    return this.#driver.close()
  }

  /** Runs a function in the page. Its source is sent, so it can use its arguments, but no variables around it. */
  async evaluate<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Result> {
    return (await this.#driver.run(String(fn), args)) as Result
  }

  /** Waits until the function returns a truthy value, and returns that; also while the page navigates. */
  async waitFor<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Result> {
    const deadline = Date.now() + LONGEST_WAIT_MS
    for (;;) {
      const result = await this.evaluate(fn, ...args).catch(navigating)
      if (result) return result
      if (Date.now() > deadline)
        throw new Error(
          `within ${LONGEST_WAIT_MS} ms the page never came to ${String(fn)} with ${JSON.stringify(args)}, but shows:\n${await this.#shown()}`,
        )
      await pause(30)
    }
  }

  /** The visible text, for errors: of an open dialog, or else of the page. */
  #shown(): Promise<string> {
    return this.evaluate(() => {
      const shown = document.querySelector<HTMLElement>('dialog[open]') ?? document.body
      // biome-ignore lint/performance/useDomNodeTextContent: what is hidden would mislead.
      return `${location.href}\n${shown.innerText.slice(0, 2000)}`
    }).catch(String)
  }

  /** The text of the first element that matches. */
  text(selector: string): Promise<string> {
    return this.evaluate((css) => {
      const element = document.querySelector(css)
      if (element === null) throw new Error(`no element ${css}`)
      return element.textContent
    }, selector)
  }

  /** Waits until the element's text contains the words. */
  async waitForText(selector: string, words: string): Promise<void> {
    await this.waitFor(
      (css, part) => document.querySelector(css)?.textContent.includes(part) ?? false,
      selector,
      words,
    )
  }

  /** A PNG of the viewport, also written to the path if one is given. */
  async screenshot(path?: string): Promise<Uint8Array> {
    const image = await this.#driver.screenshot()
    if (path !== undefined) await writeFile(path, image)
    return image
  }
}
