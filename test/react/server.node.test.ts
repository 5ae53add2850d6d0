import { createElement, type ReactElement } from 'react'
import { renderToReadableStream, renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { type SessionOptions, SessionProvider, type UseSession, useSession } from '../../src/react/index.js'
import { runFresh } from '../setup/fresh-process.js'

const resources = ['https://api.example/notes/*']

function Status({ options }: { options?: Partial<SessionOptions> }): ReactElement {
  const { status, session, error } = useSession(options)
  return createElement('p', null, `${status}, ${session?.id ?? 'nobody'}, ${error?.code ?? 'no error'}`)
}
const LOADING = '<p>loading, nobody, no error</p>'

it('renders the status loading on a server', async () => {
  const app = createElement(SessionProvider, { resources }, createElement(Status))
  expect(renderToString(app)).toBe(LOADING)
  const stream = await renderToReadableStream(app)
  expect(await new Response(stream).text()).toContain(LOADING)
})

it('uses no browser globals while rendering on a server, leaves nothing running, and logs nothing', () => {
  const output = runFresh(`
    const { createElement, StrictMode } = await import('react')
    const { renderToString } = await import('react-dom/server')
    const { SessionProvider, useSession } = await import('cacao-session/react')
    const looked = []
    // React itself checks for a window when it is imported.
    const names = ['window', 'document', 'location', 'indexedDB', 'localStorage', 'sessionStorage', 'BroadcastChannel']
    for (const name of names) {
      Object.defineProperty(globalThis, name, { configurable: true, get: () => void looked.push(name) })
    }
    const said = []
    for (const level of ['error', 'warn']) console[level] = (...args) => said.push(args.join(' '))
    const Status = () => useSession().status
    const app = createElement(SessionProvider, { resources: ['https://api.example/'] }, createElement(Status))
    const html = renderToString(createElement(StrictMode, null, app))
    const ofNode = ['PipeWrap', 'TTYWrap', 'CloseReq', 'FSReqPromise', 'FSReqCallback', 'MessagePort']
    const running = process.getActiveResourcesInfo().filter((name) => !ofNode.includes(name))
    console.log(JSON.stringify({ html, looked, said, running }))`)
  expect(JSON.parse(output)).toEqual({ html: 'loading', looked: [], said: [], running: [] })
})

it.each<[string, unknown, RegExp]>([
  ['no options and no provider', undefined, /useSession needs a SessionProvider/],
  ['resources that name nothing', { resources: [] }, /resources or abilities/],
  ['a string for the resources', { resources: 'https://api.example/' }, /resources must be a list/],
  ['an invalid account', { resources, account: 'alice' }, /account must be a CAIP-10 id/],
  ['an invalid store', { resources, store: {} }, /store must be a SessionStore/],
  ['an empty namespace', { resources, namespace: '' }, /namespace must be/],
  ['a negative leadSecs', { resources, leadSecs: -1 }, /leadSecs must be/],
  ['a clock that is a number', { resources, now: 7 }, /now must be a function/],
  [
    'abilities with a function',
    { abilities: { 'https://a.example/': { 'a/b': () => 1 } } },
    /abilities must contain/,
  ],
])('throws a TypeError while rendering, for %s', (_, options, message) => {
  const render = () => renderToString(createElement(Status, { options: options as never }))
  expect(render).toThrow(TypeError)
  expect(render).toThrow(message)
})

it('throws a TypeError that asks for no second provider if the provider says nothing about the session', () => {
  const render = () => renderToString(createElement(SessionProvider, {}, createElement(Status)))
  expect(render).toThrow(/^SessionProvider needs the option resources or abilities: /)
})

it('begins with the directive of a client entry, for frameworks with server components', () => {
  const source = runFresh(`
    const { readFile } = await import('node:fs/promises')
    const { fileURLToPath } = await import('node:url')
    console.log(await readFile(fileURLToPath(import.meta.resolve('cacao-session/react')), 'utf8'))`)
  expect(source).toMatch(/^["']use client["'];?\n/)
})

it('has types that know whether there is a session', () => {
  const idOf = (state: UseSession): string | undefined => {
    if (state.status === 'signed-in' || state.status === 'expiring') return state.session.id
    // @ts-expect-error there may be none
    if (state.status === 'signing-in') return state.session.id
    const code: string | undefined = state.status === 'error' ? state.error.code : state.error?.code
    return code
  }
  expect(idOf({ status: 'loading' } as UseSession)).toBeUndefined()
})
