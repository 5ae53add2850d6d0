import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { filesOf } from '../docs/compile.js'
import { LIKE_REACT_NATIVE } from '../setup/react-native.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'

// An app in React Native, as far as Node can replace it: Metro bundles it with the Babel preset and for the engine of React
// Native 0.83, Hermes' own compiler compiles the bundle, and it runs with the APIs that React Native has.

const PACKAGES = [
  'metro@0.83.7',
  '@react-native/babel-preset@0.83.10',
  'hermes-compiler@0.14.1',
  'react@19.3.1',
  'abort-controller@3.0.0',
  'whatwg-fetch@3.6.20',
]
const COMPILERS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'osx-bin/hermesc',
  linux: 'linux64-bin/hermesc',
  win32: 'win64-bin/hermesc.exe',
}

// The configuration of a new app; React Native's own part of it is how packages are resolved.
const METRO = `module.exports = {
  resolver: {
    resolverMainFields: ['react-native', 'browser', 'main'],
    unstable_conditionNames: ['require'],
    unstable_conditionsByPlatform: { android: ['react-native'], ios: ['react-native'] },
    useWatchman: false,
  },
  serializer: { getPolyfills: () => [], getModulesRunBeforeMainModule: () => [] },
  cacheStores: [],
}`
const BABEL = "module.exports = { presets: ['module:@react-native/babel-preset'] }"
const BUNDLE = `
const Metro = require('metro')
const [entry, platform] = process.argv.slice(2)
Metro.loadConfig({ config: 'metro.config.cjs' })
  .then((config) => Metro.runBuild({ ...config, maxWorkers: 1 }, { entry, platform, out: platform, dev: false, unstable_transformProfile: 'hermes-stable' }))
  .then(() => process.exit(), (error) => { console.error(error); process.exit(1) })`

const APP = `
import { ethereumAuth } from 'cacao-session/ethereum'
import { keyAuth } from 'cacao-session/key'
import { useSession } from 'cacao-session/react'
import { solanaAuth } from 'cacao-session/solana'
import { secureSessions } from './store'

Object.assign(globalThis, { app: { secureSessions, ethereumAuth, keyAuth, solanaAuth, useSession } })`

// Signs in, and is started again; then sends a request. Prints the account, and the request.
const USE = `
import { readFileSync } from 'node:fs'
import { runInThisContext } from 'node:vm'
${LIKE_REACT_NATIVE}
globalThis.global = globalThis
runInThisContext(readFileSync('ios.js', 'utf8'), { filename: 'ios.js' })
const { secureSessions, ethereumAuth } = app
const items = new Map()
const start = () => secureSessions({
  getItemAsync: async (key) => items.get(key) ?? null,
  setItemAsync: async (key, text) => void items.set(key, text),
  deleteItemAsync: async (key) => void items.delete(key),
}, 'app.example.com')
const { sessions, domain } = start()
await sessions.get('${ACCOUNT_A}', ethereumAuth('${KEY_A}'), { resources: ['https://api.example.com/*'], domain })
const session = await start().sessions.load()
let sent
globalThis.fetch = async ({ method, url, headers, _bodyInit: body }) => {
  sent = { method, url, headers: Object.fromEntries(headers.entries()), body }
  return new Response('')
}
await session.fetch('https://api.example.com/notes', { method: 'POST', body: 'Kakao äöü' })
const token = await session.createToken({ audience: 'wss://api.example.com/live' })
const link = await session.signURL('https://api.example.com/1.jpg')
await session.remove()
console.log(JSON.stringify({ account: session.account, sent, token: token.length > 500, link, after: (await start().sessions.load()) ?? null }))
process.exit()`

describe('an app in React Native', () => {
  let folder: BareFolder
  const bundle = (entry: string, platform: string) =>
    run(process.execPath, ['bundle.cjs', entry, platform], { cwd: folder.path })
  beforeAll(async () => {
    folder = await bareFolder(...PACKAGES)
    const [store] = filesOf('docs/guides/react-native.md')
    const files = { 'store.ts': store?.text ?? '', 'app.js': APP, 'use.mjs': USE, 'bundle.cjs': BUNDLE }
    const configurations = { 'metro.config.cjs': METRO, 'babel.config.cjs': BABEL }
    for (const [name, text] of Object.entries({ ...files, ...configurations })) await folder.write(name, text)
    await bundle('app.js', 'ios')
  })
  afterAll(() => folder?.remove())

  it('is bundled by Metro, and imports nothing of Node', async () => {
    await folder.write('node.js', "import 'cacao-session/node'")
    await expect(bundle('node.js', 'android')).rejects.toThrow(/Unable to resolve module node:/)
  })

  it('runs with the APIs of React Native, and signs requests that a server accepts', async () => {
    const { stdout } = await run(process.execPath, ['use.mjs'], { cwd: folder.path })
    const { sent, link, ...rest } = JSON.parse(stdout)
    expect(rest).toEqual({ account: ACCOUNT_A, token: true, after: null })
    expect(link).toMatch(/^https:\/\/api\.example\.com\/1\.jpg\?cacao-signature=/)
    const verify = requestVerifier({
      verifiers: ethereumVerifiers(),
      authority: 'api.example.com',
      domains: ['app.example.com'],
      resources: ['https://api.example.com/notes'],
    })
    expect((await verify(new Request(sent.url, sent))).account).toBe(ACCOUNT_A)
  })

  const compiler = COMPILERS[process.platform]
  it.skipIf(!compiler)('is compiled by Hermes, which refuses unsupported syntax', async () => {
    const hermesc = join(folder.path, 'node_modules/hermes-compiler/hermesc', compiler ?? '')
    const compile = (file: string) =>
      run(hermesc, ['-emit-binary', '-O', '-out', 'out.hbc', file], { cwd: folder.path })
    await compile('ios.js')
    await folder.write('lacks.js', 'class Lacking { #secret = 1 }')
    await expect(compile('lacks.js')).rejects.toThrow('error:')
  })
})
