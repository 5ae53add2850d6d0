import { randomUUID } from 'node:crypto'
import type { Browser } from '../e2e/browser.js'
import type { Page } from '../e2e/page.js'
import type { Tab } from '../e2e/pages/tabs.js'
import type { PageServer } from '../e2e/server.js'

declare const tab: Tab
export type Seen = Awaited<ReturnType<Tab['look']>>
export type GetTerms = Parameters<Tab['get']>[0]

/** The ways in which tabs can communicate, and the query that opens them so. */
export const TABS_WITHOUT = [
  ['', ''],
  [', without Web Locks and BroadcastChannel', '&no-locks&no-channel'],
] as const

/** Returns functions for tabs of one profile, each time with a new namespace. */
export function tabOpener(
  server: PageServer,
  browser: Browser,
): (count: number, query?: string) => Promise<Page[]> {
  const pages = [browser.page]
  return async (count, query = '') => {
    while (pages.length < count) pages.push(await browser.newPage())
    const tabs = pages.slice(0, count)
    await showTogether(server, tabs, query)
    return tabs
  }
}

/** Opens the tabs' page in all of them, in one new namespace. */
export async function showTogether(server: PageServer, pages: readonly Page[], query: string): Promise<void> {
  const url = `${server.origin}/?namespace=${randomUUID()}${query}`
  for (const page of pages) await show(page, url)
}

/** Opens the tabs' page in the tab, and waits until it accepts commands. */
export async function show(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.waitFor(() => 'tab' in globalThis)
}

export const look = (page: Page): Promise<Seen> => page.evaluate(() => tab.look())

/** Starts a sign-in in the tab. */
export const get = (page: Page, terms: GetTerms = {}): Promise<void> =>
  page.evaluate((own) => tab.get(own), terms)

/** Answers the prompt that is open in the tab. */
export const answer = (page: Page, said: 'approves' | 'rejects'): Promise<void> =>
  page.evaluate((word) => tab.answer(word), said)

/** Waits until the tab's sign-in or renewal is finished, and returns its outcome. */
export const outcome = (page: Page): Promise<string> =>
  page.waitFor(async () => (await tab.look()).outcome) as Promise<string>

export const prompted = (page: Page): Promise<unknown> =>
  page.waitFor(async () => (await tab.look()).prompts > 0)

/** Waits until the tab waits for the lock of another one. */
export const isQueued = (page: Page): Promise<unknown> =>
  page.waitFor(async () => (await navigator.locks.query()).pending?.length)

export const waitForEvent = (page: Page, kind: 'events' | 'changes', type: string): Promise<unknown> =>
  page.waitFor(async (list, name) => (await tab.look())[list].includes(name), kind, type)
