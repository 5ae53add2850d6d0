import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../engines/engine.js'
import { openBrowser } from './browser.js'
import { Orders } from './orders.js'
import type { Page } from './page.js'
import { startPlainBrowser } from './plain-browser.js'
import { servePage } from './server.js'
import { look, show } from './tab-pages.js'

interface OpenTabs {
  readonly pages: readonly Page[]
  close(): Promise<void>
}

/** One tab of the tabs' page for each path, all in one profile: they may crash or hang without ending the others. */
export async function openTabs(engine: Engine, paths: readonly string[]): Promise<OpenTabs> {
  const orders = new Orders()
  const server = await servePage('tabs.ts', {
    handle: (request, response) => orders.handle(request, response),
  })
  const open = engine.name === 'chromium' ? openDriven : openUndriven
  const tabs = await open(engine, server.origin, paths, orders)
  return {
    pages: tabs.pages,
    async close(): Promise<void> {
      await tabs.close()
      await server.close()
    },
  }
}

// Started from the command line, a headless Chromium opens one tab only.
async function openDriven(engine: Engine, origin: string, paths: readonly string[]): Promise<OpenTabs> {
  const browser = await openBrowser(engine)
  const pages: Page[] = []
  for (const path of paths) {
    const page = pages.length === 0 ? browser.page : await browser.newPage()
    await show(page, origin + path)
    pages.push(page)
  }
  return { pages, close: () => browser.close() }
}

async function openUndriven(
  engine: Engine,
  origin: string,
  paths: readonly string[],
  orders: Orders,
): Promise<OpenTabs> {
  const profileDir = await mkdtemp(join(tmpdir(), 'cacao-session-'))
  const urls = paths.map((path, index) => `${origin}${path}&orders=${index}`)
  const browser = await startPlainBrowser(engine, { urls, profileDir })
  const pages = paths.map((_, index) => orders.page(String(index)))
  await Promise.race([Promise.all(pages.map(look)), browser.ended])
  return {
    pages,
    async close(): Promise<void> {
      await browser.close()
      await rm(profileDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
