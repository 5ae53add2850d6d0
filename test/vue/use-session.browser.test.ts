import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type App,
  type Component,
  createApp,
  createSSRApp,
  defineComponent,
  effectScope,
  h,
  nextTick,
  reactive,
  ref,
  type VNodeChild,
} from 'vue'
import { renderToString } from 'vue/server-renderer'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { type TestWallet, testWallet } from '../../src/testing/index.js'
import { provideSession, sessionPlugin, type UseSession, useSession } from '../../src/vue/index.js'
import { ethereumAccount, ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { clearOrigin } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const A = ACCOUNT_A.slice(-4)

let wallet: TestWallet
let complaints: unknown[]

const auth = () => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
const signIn = ({ signIn }: UseSession) =>
  signIn(async () => ({ account: await ethereumAccount(wallet.provider), authMethod: auth() }))

/** Shows a session, with buttons for its actions. */
function shown(own: UseSession): () => VNodeChild {
  const words = () => [own.status.value, own.account.value?.slice(-4), own.error.value?.code]
  return () =>
    h('section', [
      h('p', words().filter(Boolean).join(' ')),
      h('button', { class: 'in', onClick: () => signIn(own) }, 'Sign in'),
      h('button', { class: 'out', onClick: own.signOut }, 'Sign out'),
    ])
}
const Show = defineComponent(() => shown(useSession()))
const TwoOfThem = defineComponent(() => () => h('div', [h(Show), h(Show)]))

/** Mounts an app in the page until the test ends. */
function mounted(app: App, html = ''): HTMLElement {
  const target = document.createElement('div')
  target.innerHTML = html
  document.body.append(target)
  app.config.warnHandler = (warning) => complaints.push(warning)
  app.mount(target)
  onTestFinished(() => {
    app.unmount()
    target.remove()
  })
  return target
}
const withPlugin = (component: Component) => createApp(component).use(sessionPlugin, { resources })
const shows = (page: HTMLElement, words: string, times = 1) =>
  vi.waitFor(() => expect(page.textContent?.split(words)).toHaveLength(times + 1), SOON)
const click = (page: HTMLElement, selector: string) => page.querySelector<HTMLElement>(selector)?.click()

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

describe('useSession of Vue', () => {
  it('loads once and prompts once for all components, and shows each status', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    const page = mounted(withPlugin(TwoOfThem))
    await shows(page, 'signed-out', 2)
    expect(load).toHaveBeenCalledTimes(1)
    for (const button of page.querySelectorAll<HTMLElement>('.in')) button.click()
    await shows(page, `signed-in ${A}`, 2)
    expect(wallet.prompts).toBe(1)
    click(page, '.out')
    await shows(page, 'signed-out', 2)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
  })

  it('follows options that change, and the options of the nearest provider', async () => {
    const namespace = ref('one')
    const Inner = defineComponent(() => shown(useSession(() => ({ namespace: namespace.value }))))
    const Outer = defineComponent(() => {
      provideSession(() => ({ resources, store }))
      return () => h(Inner)
    })
    const store = memoryStore()
    await DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace: 'other' })
    const page = mounted(withPlugin(Outer))
    await shows(page, 'signed-out')
    namespace.value = 'other'
    await shows(page, `signed-in ${A}`)
  })

  it('accepts options and a store that Vue has made reactive', async () => {
    const options = reactive({ resources: [...resources], store: memoryStore() })
    const page = mounted(createApp(defineComponent(() => shown(useSession(options)))))
    await shows(page, 'signed-out')
    click(page, '.in')
    await shows(page, `signed-in ${A}`)
  })

  it('returns a session that works in a ref, in a reactive object, and outside of components', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const scope = effectScope()
    onTestFinished(() => scope.stop())
    const own = scope.run(() => useSession({ resources })) as UseSession
    await vi.waitFor(() => expect(own.status.value).toBe('signed-in'), SOON)
    const state = reactive({ kept: ref(session), found: own.session })
    for (const kept of [ref(session).value, state.kept, state.found as DIDSession]) {
      const request = await kept.signRequest(new Request('https://api.example/notes/1'))
      expect(request.headers.get('signature')).toMatch(/^\w+=:/)
      expect([kept.account, kept.isAuthorized(resources)]).toEqual([ACCOUNT_A, true])
      // TypeScript agrees: its type is DIDSession, too.
      const typed: DIDSession = kept
      expect(typed.keyDID).toBe(session.keyDID)
    }
  })

  it('forgets the session when the whole app is unmounted', async () => {
    const page = document.createElement('div')
    const app = withPlugin(Show)
    app.mount(page)
    await shows(page, 'signed-out')
    app.unmount()
    const load = vi.spyOn(DIDSession, 'load')
    await nextTick()
    mounted(withPlugin(Show))
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('hydrates the HTML of a server without warnings', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const html = await renderToString(createSSRApp(TwoOfThem).use(sessionPlugin, { resources }))
    expect(html).toContain('<p>loading</p>')
    const page = mounted(createSSRApp(TwoOfThem).use(sessionPlugin, { resources }), html)
    await shows(page, `signed-in ${A}`, 2)
  })

  it('would warn about different HTML', async () => {
    const html = await renderToString(createSSRApp(Show).use(sessionPlugin, { resources }))
    mounted(createSSRApp(Show).use(sessionPlugin, { resources }), html.replace('loading', 'signed-in'))
    expect(complaints.length).toBeGreaterThan(0)
    complaints = []
  })
})
