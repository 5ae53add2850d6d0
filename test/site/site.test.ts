import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { root } from '../docs/pages.js'
import { violations } from '../e2e/axe.js'
import { openBrowser } from '../e2e/browser.js'
import { launchOptions } from '../engines/launch-options.js'

const SITE = join(root, 'docs/.vitepress/dist')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
}
const WIDTHS = [1280, 390]
// Only limits calls that hang, because a busy machine is only slow.
const LONGEST_MS = 120_000
const pages = existsSync(SITE)
  ? readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.html') && name !== '404.html',
    )
  : []

let server: Server
let browser: Browser
let origin = ''
beforeAll(async () => {
  if (pages.length === 0) throw new Error('there is no site: npm run docs builds it')
  const engine = inject('engines').find(({ name }) => name === 'chromium')
  if (engine?.name !== 'chromium') throw new Error('this needs a Chromium')
  server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const bytes = await readFile(join(SITE, path)).catch(() => undefined)
    response.writeHead(bytes ? 200 : 404, { 'content-type': TYPES[extname(path)] ?? 'text/plain' }).end(bytes)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await chromium.launch(launchOptions(engine))
})
afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
})

/** Elements whose content is cut off: wider than the window, or than a box that hides the rest and can't be scrolled. */
function cut(): string[] {
  const found: string[] = []
  const look = (element: Element, right: number): void => {
    const box = element.getBoundingClientRect()
    const { overflowX, visibility } = getComputedStyle(element)
    if (box.width <= 1 || box.height <= 1 || visibility !== 'visible') return
    const name = `${element.tagName}.${element.className}: ${element.textContent?.trim().slice(0, 60)}`
    if (box.right > right + 1) return void found.push(name)
    // Scrollable elements show all of their content.
    if (/auto|scroll/.test(overflowX)) return
    const hides = /hidden|clip/.test(overflowX)
    if (hides && element.scrollWidth > element.clientWidth + 1) return void found.push(name)
    for (const child of element.children) look(child, hides ? Math.min(right, box.right) : right)
  }
  const content = document.querySelector('#VPContent')
  if (content) look(content, innerWidth)
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page itself')
  return found
}

// TypeDoc's pages look alike, so colours are checked on one of them.
const isWritten = (name: string): boolean =>
  !name.startsWith('reference/') || name === 'reference/cacao-session/hono.html'

it.each(WIDTHS)(
  'cuts nothing off at %d px, and has no fault that axe finds, in light and dark mode',
  async (width) => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' })
    context.setDefaultTimeout(LONGEST_MS)
    const allProblems: string[] = []
    const visit = async (page: Page, name: string): Promise<void> => {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.goto(`${origin}/${name}`)
      await page.locator('#VPContent').waitFor()
      const found = await page.evaluate(cut)
      for (const colorScheme of isWritten(name) ? (['light', 'dark'] as const) : []) {
        await page.emulateMedia({ colorScheme })
        await page.locator(colorScheme === 'dark' ? 'html.dark' : 'html:not(.dark)').waitFor()
        // The two schemes differ only in their colours.
        const problems = await violations(page, colorScheme === 'dark' ? 'colours' : undefined)
        found.push(...problems.map((problem) => `${colorScheme}: ${problem}`))
        const folder = process.env['SCREENSHOTS']
        if (!folder) continue
        await mkdir(folder, { recursive: true })
        await page.screenshot({
          path: join(folder, `${name.replace(/[/.]/g, '-')}-${width}-${colorScheme}.png`),
        })
      }
      allProblems.push(...found.map((problem) => `${name}: ${problem}`))
    }
    // Two pages at a time, because each often waits.
    const rest = [...pages]
    const worker = async (): Promise<void> => {
      const page = await context.newPage()
      for (let name = rest.pop(); name !== undefined; name = rest.pop()) await visit(page, name)
    }
    await Promise.all([worker(), worker()])
    await context.close()
    expect(allProblems).toEqual([])
  },
)

it('would find a text without contrast in dark colours', async () => {
  const page = await browser.newPage()
  await page.setContent('<body style="background: #111"><p style="color: #222">hardly readable</p>')
  expect((await violations(page, 'colours')).join()).toContain('color-contrast')
  await page.setContent('<body style="background: #111"><p style="color: #eee">readable</p>')
  expect(await violations(page, 'colours')).toEqual([])
  await page.close()
})

it('would detect text that is cut off', async () => {
  const page = await browser.newPage({ viewport: { width: 390, height: 900 } })
  const wide = '<pre>a line of code that is longer than its box</pre>'
  await page.setContent(
    `<style>pre { width: 100px; overflow: hidden }</style><div id="VPContent">${wide}</div>`,
  )
  expect(await page.evaluate(cut)).toEqual([expect.stringMatching(/^PRE/)])
  await page.addStyleTag({ content: 'pre { overflow: auto }' })
  expect(await page.evaluate(cut)).toEqual([])
  await page.addStyleTag({ content: 'pre { width: 500px }' })
  expect(await page.evaluate(cut)).toEqual([expect.stringMatching(/^PRE/), 'the page itself'])
  await page.close()
})

it.each(inject('engines').map((engine) => [engine.name, engine] as const))(
  'shows the focus in a narrow window, in %s',
  async (_name, engine) => {
    const { page, close } = await openBrowser(engine)
    onTestFinished(close)
    // WebKit's screen has no window manager: the window under the pointer, in the middle, has the keyboard.
    await page.setViewport(engine.name === 'webkitgtk' ? 940 : 390, 844)
    await page.goto(`${origin}/guides/start.html`)
    await page.waitFor(() => document.querySelector('#VPContent') !== null)
    const passed: string[] = []
    while (passed.length < 12) {
      await page.press('Tab')
      passed.push(await page.evaluate(keyboardPlace))
    }
    expect(passed.filter((place) => !place.startsWith('seen: '))).toEqual([])
    // After the navigation bars, the focus reaches the text, not the hidden menu.
    expect(passed.join()).toContain('header-anchor')
    await page.click('.VPLocalNav .menu')
    await page.waitFor(() =>
      document.querySelector('.VPSidebar.open a')?.checkVisibility({ visibilityProperty: true }),
    )
  },
)

/** Whether the focused element is visible to keyboard users: within the window, with an outline. */
function keyboardPlace(): string {
  const focus = document.activeElement as HTMLElement
  const { outlineStyle, outlineWidth } = getComputedStyle(focus)
  const { left, right, top, bottom } = focus.getBoundingClientRect()
  const isInside = left >= -1 && right <= innerWidth + 1 && bottom > 0 && top < innerHeight
  const hasRing = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2
  return `${isInside && hasRing ? 'seen' : 'unseen'}: ${focus.tagName} ${focus.className} ${outlineStyle} ${outlineWidth} ${left},${top}`
}

it.each([
  ['logout', /tabs-and-renewal/],
  ['svelte', /svelte/],
  ['tRPC', /clients/],
  ['react native', /native|stores/],
  ['cookie', /cookie/],
  ['nonce', /requests/],
])('a search for %s finds %s', async (query, wanted) => {
  const page = await browser.newPage()
  page.setDefaultTimeout(LONGEST_MS)
  await page.goto(`${origin}/guides/start.html`)
  await page.getByRole('button', { name: 'Search' }).first().click()
  await page.getByRole('searchbox').fill(query)
  const results = page.locator('.VPLocalSearchBox .result')
  await results.first().waitFor()
  const paths = await results.evaluateAll((links) =>
    links.slice(0, 8).map((link) => link.getAttribute('href') ?? ''),
  )
  expect(
    paths.some((path) => wanted.test(path)),
    paths.join('\n'),
  ).toBe(true)
  await page.close()
})
