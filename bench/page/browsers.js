import { setTimeout as pause } from 'node:timers/promises'
import { openBrowser } from '../../test/e2e/browser.js'
import { findEngines } from '../../test/engines/engines.js'

// How long nothing must be loaded until a page counts as quiet.
const QUIET_MS = 1500

/** The engines of this machine. */
export async function presentEngines() {
  const { found } = await findEngines()
  return found
}

/** A browser that signs in once, and then loads pages again and again; `isSlow` makes it one of a slow phone on a slow network. */
export async function openPages(engine, isSlow) {
  const { page, context, close } = await openBrowser(engine)
  if (isSlow) await slowDown(context)
  const known = () => page.waitFor(() => (globalThis.failure ? String(globalThis.failure) : globalThis.known))
  const load = async (url) => {
    await page.goto(url)
    const ms = await known()
    if (typeof ms !== 'number') throw new Error(`${url}: ${ms}`)
    await pause(QUIET_MS)
    return ms
  }
  return { signIn: load, load, evaluate: (fn) => page.evaluate(fn), close }
}

async function slowDown(context) {
  const session = await context.newCDPSession(context.pages()[0])
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: 1_600_000 / 8,
    uploadThroughput: 750_000 / 8,
  })
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
}
