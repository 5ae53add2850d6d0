import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { testWallet, walletInPages } from '../../src/testing/index.js'
import { filesOf } from '../docs/compile.js'
import { blocksOf } from '../docs/pages.js'
import { openBrowser } from '../e2e/browser.js'
import type { Engine } from '../engines/engine.js'
import { KEY_B } from '../setup/wallet.js'
import { type BareFolder, folderWithout } from './bare-folder.js'
import { run } from './command.js'

// The kits themselves, with the code of our guide to them.

const PACKAGES = {
  '@rainbow-me/rainbowkit': '2.2.11',
  '@reown/appkit-controllers': '1.8.24',
  '@tanstack/react-query': '5.108.0',
  '@types/react': '19.3.0',
  '@walletconnect/ethereum-provider': '2.25.0',
  react: '19.3.1',
  'react-dom': '19.3.1',
  viem: '2.57.1',
  wagmi: '2.19.5',
}
// The dependencies of wagmi's connectors for other wallets are large, and not used.
const NOTHING = 'npm:empty-npm-package@1.0.0'
const OTHER_WALLETS = [
  '@base-org/account',
  '@coinbase/wallet-sdk',
  '@gemini-wallet/core',
  '@metamask/sdk',
  '@safe-global/safe-apps-provider',
  '@safe-global/safe-apps-sdk',
  '@walletconnect/ethereum-provider',
  'cbw-sdk',
  'porto',
]
const OVERRIDES = {
  viem: '$viem',
  '@wagmi/connectors': Object.fromEntries(OTHER_WALLETS.map((name) => [name, NOTHING])),
  // AppKit's dialog, which the guide does not use.
  '@walletconnect/ethereum-provider': { '@reown/appkit': NOTHING },
}

const PAGE = `
import { connectorsForWallets } from '@rainbow-me/rainbowkit'
import { injectedWallet } from '@rainbow-me/rainbowkit/wallets'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { createConfig, custom, useAccount, WagmiProvider } from 'wagmi'
import { mainnet } from 'wagmi/chains'
import { auth } from './rainbowkit'
import { Account, WithSession } from './rainbowkit-app'

function Status() {
  const status = useSyncExternalStore(auth.subscribe, auth.getStatus)
  const { address } = useAccount()
  useEffect(() => { document.title = status }, [status])
  useEffect(() => { document.documentElement.dataset.wallet = String(address).toLowerCase() }, [address])
  return null
}
const offline = custom({ request: () => Promise.reject(new Error('offline')) })
const wallets = [{ groupName: 'Test', wallets: [injectedWallet] }]
const config = createConfig({
  chains: [mainnet],
  connectors: connectorsForWallets(wallets, { appName: 'test', projectId: 'none' }),
  transports: { [mainnet.id]: offline },
})
createRoot(document.querySelector('main')).render(
  <WagmiProvider config={config}>
    <QueryClientProvider client={new QueryClient()}>
      <WithSession><Account /><Status /></WithSession>
    </QueryClientProvider>
  </WagmiProvider>,
)`
const HTML =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><link rel="stylesheet" href="main.css"><title>kit</title><main></main><script type="module" src="main.js"></script>'

// The calls of AppKit's dialogs, with the wallet that its adapters would call.
const APPKIT = `
import { ChainController, ConnectionController, ModalController, OptionsController, RouterController, SIWXUtil } from '@reown/appkit-controllers'
import { DIDSession } from 'cacao-session'
import { appKitAuth } from 'cacao-session/appkit'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { memoryStore } from 'cacao-session/stores'
import { testWallet } from 'cacao-session/testing'

const [one, two] = [testWallet(), testWallet({ privateKey: '${KEY_B}' })]
let wallet = one
const store = memoryStore()
const auth = appKitAuth({ resources: ['https://api.example.com/*'], store, domain: 'app.example.com', verifiers: ethereumVerifiers() })
const network = (id) => ({ id, caipNetworkId: 'eip155:' + id, chainNamespace: 'eip155', name: 'Network ' + id, nativeCurrency: { decimals: 18, name: 'Ether', symbol: 'ETH' }, rpcUrls: { default: { http: [] } } })
const client = {
  signMessage: (text) => wallet.provider.request({ method: 'personal_sign', params: ['0x' + Buffer.from(text).toString('hex'), wallet.account.split(':')[2]] }),
  disconnect: async () => { steps.push('disconnected'); await SIWXUtil.clearSessions() },
}
OptionsController.setSIWX(auth.siwx)
ChainController.initialize([{ namespace: 'eip155' }], [network(1), network(10)], { connectionControllerClient: client, networkControllerClient: {} })
ConnectionController.setClient?.(client)
ChainController.setActiveCaipNetwork(network(1))
const shows = async (of) => {
  wallet = of
  ChainController.setAccountProp('caipAddress', of.account, 'eip155')
  auth.setAccount(of.account)
  await SIWXUtil.initializeIfEnabled()
}
const steps = []
const step = (name) => steps.push([name, auth.getStatus(), auth.getSession()?.account ?? null, ModalController.state.open ? RouterController.state.view : null].join(' '))
console.error = () => undefined

await shows(one)
step('connected')
one.behaviour = 'rejects'
await SIWXUtil.requestSignMessage()
step('rejected')
one.behaviour = 'approves'
await SIWXUtil.requestSignMessage()
step('signed')
await SIWXUtil.initializeIfEnabled()
step('again')
await shows(two)
step('switched')
await SIWXUtil.requestSignMessage()
step('signed')
await shows(one)
step('back')
await DIDSession.remove(one.account, { store })
step('removed')
steps.push(await SIWXUtil.isAuthenticated())
await SIWXUtil.initializeIfEnabled()
step('asked')
await SIWXUtil.cancelSignMessage()
step('cancelled')
steps.push(one.prompts, two.prompts, OptionsController.state.siwx.signOutOnDisconnect)

// One-click authentication: AppKit disconnects if that is refused.
const data = await auth.siwx.createMessage({ chainId: 'eip155:1', accountAddress: '' })
const provider = {
  authenticate: async (request) => ({
    session: { peer: { metadata: { name: 'Phone', icons: [] } } },
    auths: [{ h: { t: 'caip122' }, p: { ...request, aud: request.uri, iss: 'did:pkh:' + one.account }, s: { t: 'eip191', s: '0x00' } }],
  }),
  client: { formatAuthMessage: () => 'a text of WalletConnect' },
  disconnect: async () => steps.push('disconnected'),
}
steps.push(await SIWXUtil.universalProviderAuthenticate({ universalProvider: provider, chains: ['eip155:1'], methods: ['personal_sign'] }))
step('one click')
await SIWXUtil.initializeIfEnabled()
await SIWXUtil.requestSignMessage()
step('signed')
console.log(JSON.stringify(steps))
process.exit()`

// RainbowKit's and AppKit's types, and ours.
const TYPES = `
import { createAuthenticationAdapter } from '@rainbow-me/rainbowkit'
import { OptionsController, type SIWXConfig, type SIWXSession } from '@reown/appkit-controllers'
import { auth as appKit } from './appkit.js'
import { auth as rainbowKit } from './rainbowkit.js'

export const adapter = createAuthenticationAdapter<string>(rainbowKit.adapter)
export const siwx: SIWXConfig = appKit.siwx
OptionsController.setSIWX(appKit.siwx)
export const sessions: Promise<SIWXSession[]> = appKit.siwx.getSessions('eip155:1', '0x')
// @ts-expect-error: a configuration without one of the functions is refused.
OptionsController.setSIWX({ ...appKit.siwx, setSessions: undefined })
`
// WalletConnect's provider as in the guide, with types other than `any`.
const WALLETCONNECT_TYPES = `
import { EthereumProvider } from '@walletconnect/ethereum-provider'
import { ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { enter } from './walletconnect.js'

export const entered: ReturnType<typeof enter> = enter(console.log, (link) => link.trim(), async () => {}, new AbortController().signal)
const provider = await EthereumProvider.init({ projectId: '', showQrModal: false, chains: [1] })
ethereumAuth(provider, await ethereumAccount(provider, { silent: true }))
// @ts-expect-error: without chains there is nothing to connect to.
EthereumProvider.init({ projectId: '', showQrModal: false })
// @ts-expect-error: it has no such event.
provider.on('display_url', () => undefined)
`
const COMPILER = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  // Not all of their own declarations compile.
  skipLibCheck: true,
  noEmit: true,
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  jsx: 'react-jsx',
  types: [],
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const engine = inject('engines').find(({ name }) => name === 'chromium')

/** Builds the page with RainbowKit and serves it, until the test ends. */
async function pageOf(folder: BareFolder): Promise<string> {
  await folder.write('main.tsx', PAGE)
  await folder.write('none.js', 'export const z = undefined')
  await build({
    absWorkingDir: folder.path,
    entryPoints: ['main.tsx'],
    bundle: true,
    splitting: true,
    format: 'esm',
    outdir: 'out',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    alias: { 'porto/internal': './none.js' },
    logLevel: 'warning',
  })
  const types: Record<string, string> = { js: 'text/javascript', css: 'text/css' }
  const server = createServer(async ({ url = '/' }, response) => {
    const path = new URL(url, 'http://localhost').pathname
    response.setHeader('content-type', types[path.split('.').at(-1) ?? ''] ?? 'text/html')
    response.end(path === '/' ? HTML : await readFile(join(folder.path, 'out', path)).catch(() => ''))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}/`
}

describe('the wallet kits', () => {
  let folder: BareFolder
  beforeAll(async () => {
    folder = await folderWithout(PACKAGES, OVERRIDES)
    for (const { language, name, code } of blocksOf('docs/guides/wallet-kits.md'))
      await folder.write(`${name}.${language}`, code)
    for (const { text } of filesOf('docs/guides/walletconnect.md'))
      await folder.write('walletconnect.ts', text)
    // All of AppKit is as large as everything else together.
    await folder.write('appkit-app.ts', '')
  })
  afterAll(() => folder?.remove())

  it('have the types that ours expect, and their guides compile', async () => {
    await folder.write('types.ts', TYPES)
    await folder.write('walletconnect-types.ts', WALLETCONNECT_TYPES)
    await folder.write('css.d.ts', "declare module '*.css'")
    const files = ['css.d.ts', 'types.ts', 'rainbowkit-app.tsx', 'wagmi.tsx', 'walletconnect-types.ts']
    await folder.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER, files }))
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
      cwd: folder.path,
    })
  })

  it('AppKit’s dialog signs in, prompts when required, and signs out', async () => {
    const file = await folder.write('appkit.mjs', APPKIT)
    const { stdout } = await run(process.execPath, [file], { cwd: folder.path })
    const [a, b] = [
      'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
      'eip155:1:0x1563915e194d8cfba1943570603f7606a3115508',
    ]
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual([
      'connected unauthenticated  SIWXSignMessage',
      'rejected unauthenticated  SIWXSignMessage',
      `signed authenticated ${a} `,
      `again authenticated ${a} `,
      'switched unauthenticated  SIWXSignMessage',
      `signed authenticated ${b} `,
      `back authenticated ${a} `,
      'removed unauthenticated  ',
      false,
      'asked unauthenticated  SIWXSignMessage',
      'disconnected',
      'cancelled unauthenticated  ',
      2,
      1,
      true,
      true,
      'one click unauthenticated  ',
      `signed authenticated ${a} `,
    ])
  })

  it.skipIf(!engine)(
    'RainbowKit’s dialog signs in, stays signed in, follows the wallet’s account, and signs out',
    async () => {
      const { context, close } = await openBrowser(engine as Engine)
      onTestFinished(close)
      if (!context) throw new Error('not driven by playwright')
      const url = await pageOf(folder)
      const wallet = await walletInPages(context, testWallet({ connected: false }))
      const page = await context.newPage()
      const connect = page.getByTestId('rk-connect-button')
      const sign = page.getByTestId('rk-auth-message-button')
      await page.goto(url)
      // RainbowKit closes its dialogs when it learns that nobody is signed in.
      await page.waitForFunction(() => document.title === 'unauthenticated')
      await connect.click()
      await page.getByText('Browser Wallet').click()

      await sign.waitFor()
      wallet.behaviour = 'rejects'
      await sign.click()
      await wallet.prompted()
      wallet.behaviour = { throws: { code: -32603, message: 'broken' } }
      await sign.click()
      await page.getByText('Error signing message').waitFor()
      wallet.behaviour = 'approves'
      await sign.click()
      await page.getByText(`Signed in as ${wallet.account}`).waitFor()
      expect(wallet.texts.at(-1)).toContain('- https://api.example.com/notes/*')
      expect(new Set(wallet.texts).size).toBe(3)
      await page.getByTestId('rk-account-button').waitFor()
      await sign.waitFor({ state: 'detached' })

      await page.reload()
      await page.getByText(`Signed in as ${wallet.account}`).waitFor()
      const tab = await context.newPage()
      await tab.goto(page.url())
      await tab.getByText(`Signed in as ${wallet.account}`).waitFor()
      await page.getByTestId('rk-account-button').waitFor()
      await tab.getByTestId('rk-account-button').waitFor()
      expect(wallet.prompts).toBe(3)

      wallet.switchAccount(KEY_B)
      for (const each of [page, tab]) await each.getByTestId('rk-connect-button').waitFor()
      // RainbowKit asks the account that it knows. The other tab may learn of the new one at any time.
      await page.waitForFunction(
        (account) =>
          document.title === 'unauthenticated' &&
          account.endsWith(`${document.documentElement.dataset['wallet']}`),
        wallet.account.toLowerCase(),
      )
      expect(await page.getByText('Signed in').count()).toBe(0)
      await connect.click()
      await sign.click()
      await page.getByText(`Signed in as ${wallet.account}`).waitFor()

      await page.getByTestId('rk-account-button').click()
      await page.getByTestId('rk-disconnect-button').click()
      for (const each of [page, tab]) {
        await each.getByTestId('rk-connect-button').waitFor()
        expect(await each.getByText('Signed in').count()).toBe(0)
      }
    },
  )
})
