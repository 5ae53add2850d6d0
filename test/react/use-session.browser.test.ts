import { Component, createElement, type ReactNode, StrictMode, useEffect } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { SessionProvider, type SessionProviderProps, type UseSession } from '../../src/react/index.js'
import { DIDSession } from '../../src/session/did-session.js'
import { type TestWallet, testWallet } from '../../src/testing/index.js'
import { ethereumAccount, ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { clearOrigin } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { mount, Show } from './mounted.js'

const resources = ['https://api.example/notes/*']
const A = ACCOUNT_A.slice(-4)

let wallet: TestWallet
let complaints: unknown[][]

const auth = () => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
const connect = async () => {
  const account = await ethereumAccount(wallet.provider)
  return { account, authMethod: auth() }
}
const signIn = ({ signIn }: UseSession): unknown => signIn(connect)
const provided = (children: ReactNode, props: Partial<SessionProviderProps> = {}) =>
  createElement(SessionProvider, { resources, ...props }, children)
const show = () => createElement(Show, { onSignIn: signIn })

class Boundary extends Component<{ children?: ReactNode }> {
  override state: { error?: Error } = {}
  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }
  override render(): ReactNode {
    return this.state.error ? this.state.error.name : this.props.children
  }
}

function OtherRoute({ onShown }: { onShown: () => void }): ReactNode {
  useEffect(() => {
    setTimeout(onShown)
  }, [onShown])
  return 'another route'
}

/** Another realm of the same origin. This page receives its changes like those of another tab. */
async function otherTab(): Promise<typeof DIDSession> {
  const frame = document.createElement('iframe')
  onTestFinished(() => frame.remove())
  document.body.append(frame)
  const realm = frame.contentWindow as unknown as { take?: (session: typeof DIDSession) => void }
  const taken = new Promise<typeof DIDSession>((resolve) => {
    realm.take = resolve
  })
  // The test runner replaces dynamic imports with this function.
  const runner = { wrapDynamicImport: (load: () => Promise<unknown>) => load() }
  Object.assign(realm, { __vitest_browser_runner__: runner })
  const script = frame.contentDocument?.createElement('script') as HTMLScriptElement
  script.type = 'module'
  const url = new URL('../../src/session/did-session.ts', import.meta.url).href
  script.textContent = `import { DIDSession } from '${url}'; window.take(DIDSession)`
  frame.contentDocument?.body.append(script)
  return taken
}

beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
  complaints = []
  vi.spyOn(console, 'error').mockImplementation((...args) => complaints.push(args))
})
afterEach(() => {
  vi.restoreAllMocks()
  expect(complaints).toEqual([])
})

describe('useSession', () => {
  it('shows each status from signed-out to signed-in, and back', async () => {
    const seen: string[] = []
    const page = mount(
      provided(createElement(Show, { onSignIn: signIn, onRender: ({ status }) => seen.push(status) })),
    )
    await page.shows('signed-out')
    page.click('.in')
    await page.shows(`signed-in ${A}`)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(true)
    page.click('.out')
    await page.shows('signed-out')
    expect(seen.filter((status, i) => status !== seen[i - 1])).toEqual([
      'loading',
      'signed-out',
      'signing-in',
      'signed-in',
      'signed-out',
    ])
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
  })

  it('loads once and prompts once for all components, double clicks and StrictMode', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    const get = vi.spyOn(DIDSession, 'get')
    const page = mount(
      createElement(
        StrictMode,
        null,
        provided([show(), show()].map((one, key) => createElement('div', { key }, one))),
      ),
    )
    await page.shows('signed-out')
    expect(load).toHaveBeenCalledTimes(1)
    for (const button of page.container.querySelectorAll<HTMLElement>('.in')) {
      button.click()
      button.click()
    }
    await vi.waitFor(() => expect(page.container.textContent?.match(/signed-in/g)).toHaveLength(2), SOON)
    expect(get).toHaveBeenCalledTimes(1)
    expect(wallet.prompts).toBe(1)
    expect(wallet.calls.filter((method) => method === 'eth_requestAccounts')).toHaveLength(1)
  })

  it('neither loads nor renders again for equivalent options', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    const seen: UseSession[] = []
    const child = createElement(Show, { onRender: (state) => seen.push(state) })
    const app = (mark: string, wanted: string[]) =>
      provided([createElement('div', { key: 1 }, child), createElement('i', { key: 2 }, mark)], {
        resources: wanted,
        verifiers: ethereumVerifiers(),
        nonce: () => 'abcdefgh12',
        now: () => Date.now(),
      })
    const page = mount(app('first', [...resources]))
    await page.shows('signed-out')
    const renders = seen.length
    page.render(app('second', [...resources]))
    await page.shows('second')
    expect([load.mock.calls.length, seen.length]).toEqual([1, renders])
    page.render(app('third', ['https://api.example/other/*']))
    await page.shows('third')
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2), SOON)
    expect(seen.length).toBeGreaterThan(renders)
  })

  it('returns the same actions in every render, which call the functions of the last render', async () => {
    const seen: UseSession[] = []
    const app = (mark: string) =>
      provided(
        [
          createElement(Show, { key: 1, onSignIn: signIn, onRender: (state) => seen.push(state) }),
          createElement('i', { key: 2 }, mark),
        ],
        { nonce: () => `nonceofthe${mark}` },
      )
    const page = mount(app('first'))
    await page.shows('signed-out')
    page.render(app('second'))
    await page.shows('second')
    page.click('.in')
    await page.shows('signed-in')
    expect(wallet.texts.join()).toContain('Nonce: nonceofthesecond')
    for (const name of ['signIn', 'signOut', 'renew', 'retry'] as const)
      expect(new Set(seen.map((state) => state[name])).size).toBe(1)
  })

  it('shows the error of an action, and no click rejects', async () => {
    const rejections: unknown[] = []
    const rejected = (event: PromiseRejectionEvent): unknown => rejections.push(event.reason)
    window.addEventListener('unhandledrejection', rejected)
    wallet.behaviour = { throws: { code: 4001, message: 'User rejected' } }
    const page = mount(provided(show()))
    await page.shows('signed-out')
    page.click('.in')
    await page.shows('signed-out ERR_AUTH_REJECTED')
    wallet.behaviour = 'approves'
    page.click('.in')
    await page.shows(`signed-in ${A}`)
    window.removeEventListener('unhandledrejection', rejected)
    expect(rejections).toEqual([])
  })

  it('renders again when another tab signs in, and when it signs out', async () => {
    const other = await otherTab()
    const page = mount(provided(show()))
    await page.shows('signed-out')
    const session = await other.get(ACCOUNT_A, auth(), { resources })
    await page.shows(`signed-in ${A}`)
    await session.remove()
    await page.shows('signed-out')
    session.dispose()
  })

  it('renders again when the session is about to expire, and when it has expired', async () => {
    const page = mount(provided(show(), { expiresInSecs: 0.6, leadSecs: 0.3 }))
    await page.shows('signed-out')
    page.click('.in')
    await page.shows(`signed-in ${A}`)
    await page.shows(`expiring ${A}`)
    await page.shows(`signed-out ${A}`)
  })

  it('separates different namespaces below one provider', async () => {
    const admin = createElement(Show, { options: { namespace: 'admin' }, onSignIn: signIn })
    const page = mount(
      provided([
        createElement('div', { key: 'user', id: 'user' }, show()),
        createElement('div', { key: 'admin', id: 'admin' }, admin),
      ]),
    )
    await vi.waitFor(() => expect(page.container.textContent?.match(/signed-out/g)).toHaveLength(2), SOON)
    page.click('#admin .in')
    await page.shows(`signed-in ${A}`)
    expect(page.container.querySelector('#user')?.textContent).toContain('signed-out')
  })

  it('needs no provider if it has options, and shares the session with equivalent options', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    const page = mount(
      [show, show].map((_, key) => createElement(Show, { key, options: { resources }, onSignIn: signIn })),
    )
    await page.shows('signed-out')
    expect(load).toHaveBeenCalledTimes(1)
    page.click('.in')
    await vi.waitFor(() => expect(page.container.textContent?.match(/signed-in/g)).toHaveLength(2), SOON)
  })

  it('does not prompt a second time when the component is mounted again, as in a hot reload', async () => {
    let sign = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      sign = resolve
    })
    const authMethod: ReturnType<typeof auth> = async (opts) => {
      await asked
      return auth()(opts)
    }
    const once = createElement(Show, { onSignIn: ({ signIn }) => signIn(ACCOUNT_A, authMethod) })
    const page = mount(provided(once))
    await page.shows('signed-out')
    page.click('.in')
    await page.shows('signing-in')
    page.render(createElement('main', null, provided(show())))
    await vi.waitFor(
      () => expect(page.container.querySelector('main')?.textContent).toContain('signing-in'),
      SOON,
    )
    page.click('.in')
    sign()
    await page.shows(`signed-in ${A}`)
    expect(wallet.prompts).toBe(1)
  })

  it('receives no changes while it is unmounted, and loads the current state when it is mounted again', async () => {
    const seen: string[] = []
    const page = mount(provided(createElement(Show, { onRender: ({ status }) => seen.push(status) })))
    await page.shows('signed-out')
    page.unmount()
    const renders = seen.length
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const again = mount(provided(show()))
    await again.shows(`signed-in ${A}`)
    await session.remove()
    await again.shows('signed-out')
    expect(seen.length).toBe(renders)
  })

  it('keeps the state below a provider while no component uses it', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    const seen: string[] = []
    const page = mount(provided(show()))
    await page.shows('signed-out')
    // The first component has unsubscribed when the effects of the other one run. A task later, an unused controller ends.
    await new Promise<void>((onShown) => page.render(provided(createElement(OtherRoute, { onShown }))))
    page.render(provided(createElement(Show, { onRender: ({ status }) => seen.push(status) })))
    await page.shows('signed-out')
    expect(seen).not.toContain('loading')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('throws the error for a wrong option to the next error boundary', async () => {
    const boundary = createElement(
      Boundary,
      null,
      createElement(Show, { options: { abilities: { 'no uri': { 'a/b': [{}] } } } }),
    )
    const page = mount(boundary)
    await page.shows('TypeError')
    complaints = []
  })
})

describe('hydration', () => {
  it.each([true, false])('causes no warnings, with somebody signed in: %s', async (isSignedIn) => {
    if (isSignedIn) await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const app = createElement(StrictMode, null, provided(show()))
    const html = renderToString(app)
    expect(html).toContain('loading')
    const page = mount(app, html)
    await page.shows(isSignedIn ? `signed-in ${A}` : 'signed-out')
  })

  it('causes no warnings next to a part of the page that has already loaded', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const app = provided(show())
    const html = renderToString(app)
    await mount(app).shows(`signed-in ${A}`)
    await mount(app, html).shows(`signed-in ${A}`)
  })

  it('would warn about different HTML', async () => {
    const app = provided(show())
    const page = mount(app, renderToString(app).replace('loading', 'signed-in'))
    await page.shows('signed-out')
    expect(complaints.length).toBeGreaterThan(0)
    complaints = []
  })
})
