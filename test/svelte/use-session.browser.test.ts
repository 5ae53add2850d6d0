import { flushSync, hydrate, mount, unmount } from 'svelte'
import { toStore } from 'svelte/store'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { type TestWallet, testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { clearOrigin } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { useChanging } from './changing.svelte.js'
import Layout from './layout.svelte'
import { SERVER_HTML } from './server-html.js'

const resources = ['https://api.example/notes/*']
const A = ACCOUNT_A.slice(-4)

let wallet: TestWallet
let complaints: unknown[]

const auth = () => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

/** Mounts the layout in the page until the test ends. If there is HTML of a server, hydrates it. */
function mounted(times: number, html?: string): HTMLElement {
  const target = document.createElement('div')
  target.innerHTML = html ?? ''
  document.body.append(target)
  const show = html === undefined ? mount : hydrate
  const component = show(Layout, { target, props: { provider: wallet.provider, times } })
  onTestFinished(async () => {
    await unmount(component)
    target.remove()
  })
  return target
}
const shows = (page: HTMLElement, words: string, times = 1) =>
  vi.waitFor(() => expect(page.textContent?.split(words)).toHaveLength(times + 1), SOON)

beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
  complaints = []
  for (const level of ['error', 'warn'] as const)
    vi.spyOn(console, level).mockImplementation((...args) => complaints.push(args))
})
afterEach(() => {
  vi.restoreAllMocks()
  expect(complaints).toEqual([])
})

describe('useSession of Svelte', () => {
  it('loads once and prompts once for all components, and shows each status', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    const page = mounted(2)
    await shows(page, 'signed-out', 2)
    expect(load).toHaveBeenCalledTimes(1)
    for (const button of page.querySelectorAll<HTMLElement>('.in')) button.click()
    await shows(page, `signed-in ${A}`, 2)
    await shows(page, 'there is one', 2)
    expect(wallet.prompts).toBe(1)
    page.querySelector<HTMLElement>('.out')?.click()
    await shows(page, 'signed-out', 2)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
  })

  it('works in a module and as a store, and follows options that change', async () => {
    const store = memoryStore()
    await DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace: 'other' })
    const changing = useChanging(store)
    const seen: string[] = []
    onTestFinished(toStore(() => changing.session.status).subscribe((status) => seen.push(status)))
    await vi.waitFor(() => expect(seen.at(-1)).toBe('signed-out'), SOON)
    flushSync(() => {
      changing.namespace = 'other'
    })
    await vi.waitFor(() => expect(seen.at(-1)).toBe('signed-in'), SOON)
    const { session } = changing.session
    expect(session?.isAuthorized(resources)).toBe(true)
  })

  it('hydrates the HTML of a server without warnings', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const page = mounted(2, SERVER_HTML)
    expect(page.querySelector('.mine')?.getAttribute('data-status')).toBe('loading')
    const [button] = page.querySelectorAll('button')
    await shows(page, `signed-in ${A}`, 2)
    await vi.waitFor(() => expect(button?.textContent).toContain('0x19e7'), SOON)
    expect(button?.isConnected).toBe(true)
  })

  it('would warn about different HTML', async () => {
    mounted(2, SERVER_HTML.replace('<!--[-->', ''))
    expect(complaints.length).toBeGreaterThan(0)
    complaints = []
  })
})
