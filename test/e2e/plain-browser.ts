import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startDisplay } from '../engines/display.js'
import type { ChromiumEngine, Engine, FirefoxEngine, WebKitEngine } from '../engines/engine.js'
import { chromiumArgs } from '../engines/launch-options.js'
import { startProcess, stopProcess } from '../engines/processes.js'
import { prepareFirefoxProfile } from './firefox-profile.js'

export interface PlainOptions {
  /** Each URL gets a tab. */
  readonly urls: readonly string[]
  readonly profileDir: string
  /** Opens a private window, as a visitor would. */
  readonly private?: boolean
}

export interface PlainBrowser {
  /** Rejects if the browser ends before the test ends it. */
  readonly ended: Promise<never>
  close(): Promise<void>
}

type Environment = Readonly<Record<string, string>>

function start(command: string, args: readonly string[], env: Environment = {}): PlainBrowser {
  const child = startProcess(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`${command} ended by itself (${code ?? signal})`)))
  })
  ended.catch(() => {})
  return { ended, close: () => stopProcess(child, 120_000) }
}

async function startChromium(engine: ChromiumEngine, options: PlainOptions): Promise<PlainBrowser> {
  const mode = options.private ? ['--incognito'] : []
  const args = [
    '--headless=new',
    `--user-data-dir=${options.profileDir}`,
    ...chromiumArgs,
    // Allows a page to open the others.
    '--disable-popup-blocking',
    ...mode,
    ...options.urls,
  ]
  // When it ends, it leaves a folder in the temporary folder; here, that folder is deleted with the profile.
  const env = { ...engine.env, TMPDIR: join(options.profileDir, 'tmp') }
  await mkdir(env.TMPDIR, { recursive: true })
  return start(engine.executable, args, env)
}

async function startFirefox(engine: FirefoxEngine, options: PlainOptions): Promise<PlainBrowser> {
  await prepareFirefoxProfile(options.profileDir)
  const target = [...(options.private ? ['--private-window'] : []), ...options.urls]
  return start(engine.executable, ['--headless', '--no-remote', '--profile', options.profileDir, ...target])
}

async function startMiniBrowser(engine: WebKitEngine, options: PlainOptions): Promise<PlainBrowser> {
  const display = await startDisplay(engine.xvfb)
  const folder = (name: string): string => join(options.profileDir, name)
  const env = { ...display.env, XDG_DATA_HOME: folder('data'), XDG_CACHE_HOME: folder('cache') }
  await Promise.all([
    mkdir(env.XDG_DATA_HOME, { recursive: true }),
    mkdir(env.XDG_CACHE_HOME, { recursive: true }),
  ])
  const browser = start(engine.executable, [...(options.private ? ['--private'] : []), ...options.urls], env)
  return {
    ended: browser.ended,
    async close(): Promise<void> {
      await browser.close()
      await display.stop()
    },
  }
}

/**
 * Starts a browser as a person would. No driver is connected, so it keeps its profile, which WebKitGTK does not under
 * automation.
 */
export function startPlainBrowser(engine: Engine, options: PlainOptions): Promise<PlainBrowser> {
  switch (engine.name) {
    case 'chromium':
      return startChromium(engine, options)
    case 'firefox':
      return startFirefox(engine, options)
    case 'webkitgtk':
      return startMiniBrowser(engine, options)
  }
}
