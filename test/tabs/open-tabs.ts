import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '../e2e/page.js'
import { startPlainBrowser } from '../e2e/plain-browser.js'
import { servePage } from '../e2e/server.js'
import type { Engine } from '../engines/engine.js'
import { commandedPage } from './orders.js'
import { look } from './tab-pages.js'

interface OpenTabs {
  readonly pages: readonly Page[]
  close(): Promise<void>
}

/**
 * One tab for each path, all in one profile of a browser without a driver: they may crash or hang without ending the others,
 * and all but one are hidden.
 */
export async function openTabs(engine: Engine, paths: readonly string[]): Promise<OpenTabs> {
  const server = await servePage('tabs.ts')
  const told = await Promise.all(paths.map(commandedPage))
  const profileDir = await mkdtemp(join(tmpdir(), 'cacao-session-'))
  const urls = told.map(
    ({ url }, index) => `${server.origin}${paths[index]}&orders=${encodeURIComponent(url)}`,
  )
  // A headless Chromium accepts one URL only.
  const later = engine.name === 'chromium' ? urls.splice(1) : []
  const browser = await startPlainBrowser(engine, { urls, profileDir })
  const pages = told.map(({ page }) => page)
  const [first] = pages
  for (const url of later) await first?.evaluate((href) => void open(href, '_blank', 'noopener'), url)
  await Promise.race([Promise.all(pages.map(look)), browser.ended])
  return {
    pages,
    async close(): Promise<void> {
      await browser.close()
      await Promise.all([server, ...told].map((each) => each.close()))
      await rm(profileDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
