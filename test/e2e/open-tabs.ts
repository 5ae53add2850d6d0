import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../engines/engine.js'
import { Orders } from './orders.js'
import type { Page } from './page.js'
import { startPlainBrowser } from './plain-browser.js'
import { servePage } from './server.js'
import { look } from './tab-pages.js'

interface OpenTabs {
  readonly pages: readonly Page[]
  close(): Promise<void>
}

/**
 * One tab of the tabs' page for each path, all in one profile of a browser that nobody drives: they may crash or hang
 * without ending the others, and all but one are hidden.
 */
export async function openTabs(engine: Engine, paths: readonly string[]): Promise<OpenTabs> {
  const orders = new Orders()
  const server = await servePage('tabs.ts', {
    handle: (request, response) => orders.handle(request, response),
  })
  const profileDir = await mkdtemp(join(tmpdir(), 'cacao-session-'))
  const urls = paths.map((path, index) => `${server.origin}${path}&orders=${index}`)
  // A headless Chromium takes one address only.
  const later = engine.name === 'chromium' ? urls.splice(1) : []
  const browser = await startPlainBrowser(engine, { urls, profileDir })
  const pages = paths.map((_, index) => orders.page(String(index)))
  const [first] = pages
  for (const url of later) await first?.evaluate((href) => void open(href, '_blank', 'noopener'), url)
  await Promise.race([Promise.all(pages.map(look)), browser.ended])
  return {
    pages,
    async close(): Promise<void> {
      await browser.close()
      await server.close()
      await rm(profileDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
