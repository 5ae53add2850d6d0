import type { Engine } from '../engines/engine.js'
import type { Report } from './pages/report.js'
import { type PlainBrowser, type PlainOptions, startPlainBrowser } from './plain-browser.js'
import type { PageServer } from './server.js'

export interface RunOptions extends Omit<PlainOptions, 'urls'> {
  /** The page's path and query, such as `/?step=store`. */
  readonly path: string
  readonly timeoutMs?: number
}

function after(ms: number, path: string): { readonly late: Promise<never>; readonly cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${path} did not report within ${ms} ms`)), ms)
  })
  return { late, cancel: () => clearTimeout(timer) }
}

/**
 * Starts a browser on the page, waits for the page's report and closes it. Profiles are kept in their folder, so a second call
 * is a restart.
 */
export async function runPage<Value>(
  engine: Engine,
  server: PageServer,
  options: RunOptions,
): Promise<Value> {
  const { path, timeoutMs = 180_000, ...rest } = options
  const report = server.nextReport() as Promise<Report<Value>>
  const { late, cancel } = after(timeoutMs, path)
  let browser: PlainBrowser | undefined
  try {
    browser = await startPlainBrowser(engine, { ...rest, urls: [server.origin + path] })
    const result = await Promise.race([report, late, browser.ended])
    if ('error' in result) throw new Error(`the page at ${path} failed: ${result.error}`)
    return result.value
  } finally {
    cancel()
    await browser?.close()
  }
}
