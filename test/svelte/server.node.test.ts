import { render } from 'svelte/server'
import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import Layout from './layout.svelte'
import { SERVER_HTML } from './server-html.js'
import Show from './show.svelte'

const resources = ['https://api.example/notes/*']

it('renders the status loading on a server, and a button without personal data', () => {
  expect(render(Layout).body).toBe(SERVER_HTML)
})

it('uses no browser globals while rendering on a server, and leaves nothing running', () => {
  const output = runFresh(`
    const { render } = await import('svelte/server')
    const { SignInButton, useSession } = await import('cacao-session/svelte')
    const { ethereumWallets } = await import('cacao-session/wallets')
    const looked = []
    for (const name of ['window', 'document', 'location', 'indexedDB', 'localStorage', 'BroadcastChannel'])
      Object.defineProperty(globalThis, name, { configurable: true, get: () => void looked.push(name) })
    const resources = ['https://api.example/']
    const { status } = useSession({ resources })
    const { body } = render(SignInButton, { props: { wallets: [ethereumWallets()], resources } })
    const ofNode = ['PipeWrap', 'TTYWrap', 'CloseReq', 'FSReqPromise', 'FSReqCallback', 'MessagePort']
    const running = process.getActiveResourcesInfo().filter((name) => !ofNode.includes(name))
    console.log(JSON.stringify({ status, isLoading: body.includes('data-status="loading"'), looked, running }))`)
  expect(JSON.parse(output)).toEqual({ status: 'loading', isLoading: true, looked: [], running: [] })
})

it.each<[string, unknown, RegExp]>([
  ['no options and no provider', {}, /useSession needs provideSession/],
  ['a string for the resources', { resources: 'https://api.example/' }, /resources must be a list/],
  ['an invalid store', { resources, store: {} }, /store must be a SessionStore/],
  ['a misspelt option', { resources, leadSeconds: 1 }, /leadSeconds/],
])('throws a TypeError while rendering, for %s', (_, options, message) => {
  const rendered = () => render(Show, { props: { options: options as never } }).body
  expect(rendered).toThrow(message)
  expect(rendered).toThrow(TypeError)
})
