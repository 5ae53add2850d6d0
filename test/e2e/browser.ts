import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, firefox } from 'playwright'
import type { ChromiumEngine, Engine, FirefoxEngine, WebKitEngine } from '../engines/engine.js'
import { launchOptions } from '../engines/launch-options.js'
import { startWebDriver } from '../engines/webdriver.js'
import { Page } from './page.js'
import { playwrightDriver } from './playwright-driver.js'
import { webDriverDriver } from './webdriver-driver.js'

export interface OpenOptions {
  /**
   * Keeps the page's storage for the next browser that is opened with this folder. WebKitGTK can't, because it forgets
   * everything when it's driven, so restart tests use `runPage`.
   */
  readonly profileDir?: string
  /** Enables the back/forward cache, which playwright turns off in Chromium. */
  readonly keepsPages?: boolean
  /** Firefox preferences, by their names in about:config. */
  readonly firefoxPrefs?: Readonly<Record<string, number>>
}

export interface Browser {
  readonly page: Page
  /** Another page with the same storage: a second tab. */
  newPage(): Promise<Page>
  /** Playwright's own view of the browser, in Chromium and Firefox. */
  readonly context?: BrowserContext
  close(): Promise<void>
}

async function openPlaywright(
  engine: ChromiumEngine | FirefoxEngine,
  options: OpenOptions,
): Promise<Browser> {
  const temporary = options.profileDir ? undefined : await mkdtemp(join(tmpdir(), 'cacao-session-'))
  const profileDir = options.profileDir ?? temporary ?? ''
  const type = engine.name === 'firefox' ? firefox : chromium
  const context = await type.launchPersistentContext(profileDir, {
    ...launchOptions(engine),
    ...(options.firefoxPrefs && { firefoxUserPrefs: options.firefoxPrefs }),
    ...(options.keepsPages && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    headless: true,
    // The tests' own servers have self-signed certificates.
    ignoreHTTPSErrors: true,
  })
  // A busy machine is only slow, so this only limits calls that hang.
  context.setDefaultTimeout(120_000)
  return {
    context,
    page: new Page(playwrightDriver(context.pages()[0] ?? (await context.newPage()))),
    newPage: async () => new Page(playwrightDriver(await context.newPage())),
    async close(): Promise<void> {
      await context.close()
      if (temporary) await rm(temporary, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function openWebKit(engine: WebKitEngine, options: OpenOptions): Promise<Browser> {
  if (options.profileDir) throw new Error('a driven WebKitGTK keeps no profile: use runPage')
  const driver = await startWebDriver(engine)
  return {
    page: new Page(webDriverDriver(driver)),
    newPage: async () => new Page(webDriverDriver(await driver.newWindow())),
    close: () => driver.close(),
  }
}

/** Opens a browser that the test drives. */
export function openBrowser(engine: Engine, options: OpenOptions = {}): Promise<Browser> {
  return engine.name === 'webkitgtk' ? openWebKit(engine, options) : openPlaywright(engine, options)
}
