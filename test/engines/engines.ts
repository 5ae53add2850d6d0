import { chromiumFromNpm } from './chromium-from-npm.js'
import { startDisplay } from './display.js'
import { type Engine, type EngineName, engineNames, type MissingEngine } from './engine.js'
import { findCommand, findMiniBrowser } from './lookup.js'
import { versionOf } from './version.js'

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function findChromium(): Promise<Engine | MissingEngine> {
  const wanted = process.env.CACAO_CHROMIUM
  const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const executable = wanted === 'npm' ? undefined : (wanted ?? (await findCommand(commands)))
  if (executable) return { name: 'chromium', executable, version: await versionOf(executable) }
  return chromiumFromNpm().catch((error: unknown) => ({
    name: 'chromium',
    reason: `no chromium or google-chrome found, and none to be had from npm (${message(error)}); install one, or set CACAO_CHROMIUM`,
  }))
}

async function findFirefox(): Promise<Engine | MissingEngine> {
  const executable = process.env.CACAO_FIREFOX ?? (await findCommand(['firefox-esr', 'firefox']))
  if (executable) return { name: 'firefox', executable, version: await versionOf(executable) }
  return {
    name: 'firefox',
    reason: 'no firefox or firefox-esr found; install one, or set CACAO_FIREFOX',
  }
}

async function findWebKit(): Promise<Engine | MissingEngine> {
  const driver = process.env.CACAO_WEBKIT_DRIVER ?? (await findCommand(['WebKitWebDriver']))
  const executable = process.env.CACAO_WEBKIT_BROWSER ?? (await findMiniBrowser())
  const xvfb = process.env.CACAO_XVFB ?? (await findCommand(['Xvfb']))
  if (driver && executable && xvfb) {
    // GTK can't even print its version without a display.
    const display = await startDisplay(xvfb)
    const version = await versionOf(executable, display.env).finally(() => display.stop())
    return { name: 'webkitgtk', executable, driver, xvfb, version }
  }
  const lacking = Object.entries({ WebKitWebDriver: driver, MiniBrowser: executable, Xvfb: xvfb })
  const names = lacking.filter(([, path]) => !path).map(([name]) => name)
  return {
    name: 'webkitgtk',
    reason: `no ${names.join(', no ')} found; install webkit2gtk-driver and xvfb, or set CACAO_WEBKIT_DRIVER, CACAO_WEBKIT_BROWSER and CACAO_XVFB`,
  }
}

const finders: Readonly<Record<EngineName, () => Promise<Engine | MissingEngine>>> = {
  chromium: findChromium,
  firefox: findFirefox,
  webkitgtk: findWebKit,
}

async function find(name: EngineName): Promise<Engine | MissingEngine> {
  return finders[name]().catch((error: unknown) => ({ name, reason: `it doesn't start: ${message(error)}` }))
}

function refuseMissing(missing: readonly MissingEngine[]): void {
  const required = (process.env.REQUIRE_ENGINES ?? '').split(',').map((name) => name.trim())
  const lines = missing.filter(({ name }) => required.includes(name)).map((e) => `  ${e.name}: ${e.reason}`)
  if (lines.length > 0)
    throw new Error(`REQUIRE_ENGINES names engines that are missing:\n${lines.join('\n')}`)
}

export interface Engines {
  readonly found: readonly Engine[]
  readonly missing: readonly MissingEngine[]
}

/** The browsers of this machine, which must include those named in REQUIRE_ENGINES. */
export async function findEngines(): Promise<Engines> {
  const all = await Promise.all(engineNames.map(find))
  const found = all.filter((engine) => 'version' in engine)
  const missing = all.filter((engine) => 'reason' in engine)
  refuseMissing(missing)
  return { found, missing }
}
