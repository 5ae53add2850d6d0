import { expect, it } from 'vitest'
import { createSSRApp, defineComponent, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { SignInButton, sessionPlugin, type UseSession, useSession } from '../../src/vue/index.js'
import { ethereumWallets } from '../../src/wallet/wallets.js'
import { runFresh } from '../setup/fresh-process.js'

const resources = ['https://api.example/notes/*']
const rendered = (options?: object) => {
  const app = createSSRApp(
    defineComponent(() => {
      const { status } = useSession(options)
      return () => h('p', status.value)
    }),
  )
  // Vue also logs every error that a component throws.
  app.config.warnHandler = () => undefined
  return renderToString(app)
}

it('renders the status loading on a server', async () => {
  expect(await rendered({ resources })).toBe('<p>loading</p>')
})

it('renders the sign-in button without personal data', async () => {
  const wallets = [ethereumWallets()]
  const app = createSSRApp(() => h(SignInButton, { wallets, class: 'mine' })).use(sessionPlugin, {
    resources,
  })
  expect(await renderToString(app)).toBe(
    '<div class="cacao-sign-in mine" data-status="loading">' +
      '<button class="cacao-sign-in-button" type="button" aria-haspopup="dialog" aria-expanded="false" disabled aria-busy="true">Sign in</button>' +
      '<p class="cacao-sign-in-notice" role="status"></p>' +
      '<dialog class="cacao-sign-in-dialog" aria-label="Sign in" closedby="any"></dialog></div>',
  )
})

it('uses no browser globals while rendering on a server, and leaves nothing running', () => {
  const output = runFresh(`
    const { createSSRApp, h } = await import('vue')
    const { renderToString } = await import('vue/server-renderer')
    const { sessionPlugin, SignInButton, useSession } = await import('cacao-session/vue')
    const { ethereumWallets } = await import('cacao-session/wallets')
    const looked = []
    for (const name of ['window', 'document', 'location', 'indexedDB', 'localStorage', 'BroadcastChannel'])
      Object.defineProperty(globalThis, name, { configurable: true, get: () => void looked.push(name) })
    await renderToString(createSSRApp({ setup: () => () => h('p') }))
    // Vue itself checks for some globals.
    const ofVue = looked.splice(0)
    const Status = { setup: () => { const { status } = useSession(); return () => [status.value, h(SignInButton, { wallets: [ethereumWallets()] })] } }
    const html = await renderToString(createSSRApp(Status).use(sessionPlugin, { resources: ['https://api.example/'] }))
    const ofNode = ['PipeWrap', 'TTYWrap', 'CloseReq', 'FSReqPromise', 'FSReqCallback', 'MessagePort']
    const running = process.getActiveResourcesInfo().filter((name) => !ofNode.includes(name))
    console.log(JSON.stringify({ isLoading: html.includes('loading'), looked: looked.filter((name) => !ofVue.includes(name)), running }))`)
  expect(JSON.parse(output)).toEqual({ isLoading: true, looked: [], running: [] })
})

it.each<[string, unknown, RegExp]>([
  ['no options and no provider', undefined, /useSession needs sessionPlugin or provideSession/],
  ['a string for the resources', { resources: 'https://api.example/' }, /resources must be a list/],
  ['an invalid store', { resources, store: {} }, /store must be a SessionStore/],
  ['a misspelt option', { resources, leadSeconds: 1 }, /leadSeconds/],
])('throws a TypeError while rendering, for %s', async (_, options, message) => {
  await expect(rendered(options as object)).rejects.toThrow(message)
  await expect(rendered(options as object)).rejects.toThrow(TypeError)
})

it('throws a TypeError for a plugin with a wrong option when the app is created', () => {
  const use = (options: object | undefined) => () => createSSRApp({}).use(sessionPlugin, options as never)
  expect(use({ resources, leadSecs: -1 })).toThrow(/leadSecs must be/)
  expect(use({})).toThrow(/^sessionPlugin needs the option resources or abilities: /)
  expect(use(undefined)).toThrow(/^options must be a plain object/)
})

it('has types that know whether there is a session', () => {
  const idOf = ({ state }: UseSession): string | undefined =>
    state.value.status === 'signed-in' ? state.value.session.id : undefined
  expect(idOf({ state: { value: { status: 'loading' } } } as UseSession)).toBeUndefined()
})
