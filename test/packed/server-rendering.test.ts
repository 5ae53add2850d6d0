import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'

const { exports: entries } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { exports: object }
// What is needed besides has its own entry, which may read globals.
const OTHERS = ['./package.json', './sign-in-button.css', './dids', './did-session']
const specifiers = Object.keys(entries)
  .filter((name) => !OTHERS.includes(name))
  .map((name) => name.replace('.', 'cacao-session'))

// Records every read of a browser global, during imports and rendering.
const APP = `import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
${specifiers.map((specifier, i) => `import * as entry${i} from '${specifier}'`).join('\n')}
import { SessionProvider, useSession } from 'cacao-session/react'

export const entries = [${specifiers.map((_, i) => `entry${i}`)}].map((entry) => Object.keys(entry).length)
const Who = () => createElement('p', null, useSession().status)
export const render = () =>
  renderToString(createElement(SessionProvider, { resources: ['https://api.example.com/*'] }, createElement(Who)))
`
const TRAPS = `
const looked = new Set()
for (const name of ['window', 'document', 'location', 'indexedDB', 'localStorage', 'sessionStorage', 'BroadcastChannel'])
  Object.defineProperty(globalThis, name, { configurable: true, get: () => void looked.add(name) })
const before = Reflect.ownKeys(globalThis).map(String)
`
const REPORT = `
const added = Reflect.ownKeys(globalThis).map(String).filter((name) => !before.includes(name) && !name.startsWith('__vite'))
console.log(JSON.stringify({ html: render(), entries: entries.length, empty: entries.filter((size) => size === 0).length, looked: [...looked], added }))
`
// React, Vue and Vite read globals themselves, so they are imported before the traps are set.
const RENDER = `import 'react-dom/server'
import 'vue'
import 'svelte'
${TRAPS}
const { entries, render } = await import('./app.js')
${REPORT}`
const RENDER_BY_VITE = `import 'react-dom/server'
import 'vue'
import 'svelte'
import { createServer } from 'vite'
const vite = await createServer({ server: { middlewareMode: true, ws: false }, appType: 'custom', logLevel: 'warn', ssr: { noExternal: ['cacao-session'] } })
${TRAPS}
const { entries, render } = await vite.ssrLoadModule('/app.js')
${REPORT}
await vite.close()`

describe('server rendering uses no browser globals', () => {
  let folder: BareFolder
  beforeAll(async () => {
    folder = await bareFolder('react@19.3.1', 'react-dom@19.3.1', 'vite@8.3.8', 'vue@3.5.45', 'svelte@5.57.3')
    await folder.write('app.js', APP)
  })
  afterAll(() => folder.remove())

  it.each([
    ['by react-dom/server', RENDER],
    ['by Vite', RENDER_BY_VITE],
  ])('%s', async (_, script) => {
    const file = await folder.write('render.js', script)
    const { stdout } = await run(process.execPath, [file], { cwd: folder.path })
    const { html, ...rest } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    expect(html).toBe('<p>loading</p>')
    // `cacao-session/window` only declares a type.
    expect(rest).toEqual({ entries: specifiers.length, empty: 1, looked: [], added: [] })
  })
})
