import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'

// Each as its own guide begins, without configuration that a new user would not need.
const BUNDLERS = {
  Vite: {
    args: ['vite', 'build', '--logLevel', 'warn', '--outDir', 'out/Vite', '--base', './'],
    page: 'index.html',
  },
  webpack: {
    args: [
      'webpack',
      '--mode',
      'production',
      '--stats',
      'errors-warnings',
      '--entry',
      './main.js',
      '--output-path',
      'out/webpack',
    ],
    page: 'page.html',
  },
  esbuild: {
    args: [
      'esbuild',
      'main.js',
      '--bundle',
      '--splitting',
      '--format=esm',
      '--outdir=out/esbuild',
      '--log-level=warning',
    ],
    page: 'page.html',
  },
  Rollup: {
    args: [
      'rollup',
      'main.js',
      '-p',
      'node-resolve={browser:true}',
      // For the dependency cookie, whose version for Node 20 is CommonJS.
      '-p',
      'commonjs',
      '-d',
      'out/Rollup',
      '--silent',
      '--failAfterWarnings',
    ],
    page: 'page.html',
  },
} as const

const PACKAGES = [
  'vite@8.3.8',
  'webpack@5.112.2',
  'webpack-cli@6.0.1',
  'esbuild@0.28.2',
  'rollup@4.68.7',
  '@rollup/plugin-node-resolve@16.0.3',
  '@rollup/plugin-commonjs@29.0.3',
]

// A page that uses code loaded at once and code loaded on demand, and shows the account.
const MAIN = `import { DIDSession } from 'cacao-session'
import { ethereumAccount, ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { keyVerifiers } from 'cacao-session/key'
import { solanaVerifiers } from 'cacao-session/solana'
import { memoryStore } from 'cacao-session/stores'
import { requestVerifier } from 'cacao-session/verify'
import { webauthnVerifiers } from 'cacao-session/webauthn'

const wallet = '0x${'11'.repeat(32)}'
const resources = ['https://api.example.com/*']
const session = await DIDSession.get(await ethereumAccount(wallet), ethereumAuth(wallet), { resources, store: memoryStore() })
const verify = requestVerifier({
  verifiers: { ...ethereumVerifiers(), ...keyVerifiers(), ...solanaVerifiers(), ...webauthnVerifiers() },
  authority: 'api.example.com',
  domains: [location.host],
  resources,
})
const { account } = await verify(await session.signRequest(new Request('https://api.example.com/notes')))
document.body.textContent = account
`
const HTML = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>bundled</title><body><script type="module" src="${script}"></script></body>`

const engine = inject('engines').find(({ name }) => name === 'chromium')

describe('bundling without optional peers', () => {
  let folder: BareFolder
  let server: Server
  let browser: Browser | undefined
  beforeAll(async () => {
    folder = await bareFolder(...PACKAGES)
    await folder.write('main.js', MAIN)
    await folder.write('index.html', HTML('/main.js'))
    server = createServer(async ({ url = '/' }, response) => {
      const path = new URL(url, 'http://localhost').pathname
      const isOurPage = path.endsWith('/page.html')
      response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html')
      response.end(
        isOurPage ? HTML('main.js') : await readFile(join(folder.path, 'out', path)).catch(() => ''),
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    browser = engine && (await openBrowser(engine))
  })
  afterAll(async () => {
    await browser?.close()
    server.closeAllConnections()
    server.close()
    await folder.remove()
  })

  it.each(Object.entries(BUNDLERS))(
    'with %s causes no error and no warning, and the page works',
    async (name, { args, page }) => {
      const [command, ...rest] = args
      const { stdout, stderr } = await run(join(folder.path, 'node_modules/.bin', command), rest, {
        cwd: folder.path,
      })
      // For warnings, webpack would print how many there were.
      const said = (stdout + stderr).replace(/^webpack .*compiled successfully.*$/m, '')
      expect(said.trim()).toBe('')
      if (!browser) return
      await browser.page.goto(`http://localhost:${(server.address() as AddressInfo).port}/${name}/${page}`)
      await browser.page.waitForText('body', 'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a')
    },
  )
})
