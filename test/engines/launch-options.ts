import type { LaunchOptions } from 'playwright'
import type { ChromiumEngine, FirefoxEngine } from './engine.js'

/** Without these options, Chromium on a closed network makes countless connection attempts to Google. */
export const chromiumArgs: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launchOptions(engine: ChromiumEngine | FirefoxEngine): LaunchOptions {
  const { executable: executablePath } = engine
  // This channel drives a normal Firefox over WebDriver BiDi; the default one needs playwright's own build.
  if (engine.name === 'firefox') return { channel: 'moz-firefox', executablePath }
  return { executablePath, args: [...chromiumArgs], env: { ...process.env, ...engine.env } }
}
