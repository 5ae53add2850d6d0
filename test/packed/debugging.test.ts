import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'
import { type Breakpoint, debugged } from './debugged-process.js'
import { lineWith, sourceMapOf } from './source-map.js'
import { definitionsOf } from './ts-server.js'

// The published package can be debugged as TypeScript: breakpoints, stack traces and definitions are in its own sources.

const OURS = fileURLToPath(new URL('../../src', import.meta.url))
const engine = inject('engines').find(({ name }) => name === 'chromium')

/** A line of a source, found by its content. */
const BREAKPOINTS = {
  'session/did-session.ts': 'if (serialize) return serialize()',
  'resume/session-string.ts': 'const session = { sessionKeySeed:',
} as const
const IN_NODE = { ...BREAKPOINTS, 'node/file-store.ts': 'const absolute = resolve(path)' } as const

// Signs in, writes the session to a string, and reads that.
const SIGN_IN = `import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'

const auth = ethereumAuth('0x${'11'.repeat(32)}', undefined, { domain: 'app.example.com' })
const session = await DIDSession.authorize(auth, { resources: ['https://api.example.com/*'] })
const { account } = await DIDSession.fromSession(session.serialize())
`
const ACCOUNT = 'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a'

let folder: BareFolder
let installed: string
beforeAll(async () => {
  folder = await bareFolder('esbuild@0.28.2', 'typescript@5.9.3')
  installed = join(folder.path, 'node_modules/cacao-session')
})
afterAll(() => folder.remove())

const source = (name: string): string => join(installed, 'src', name)
const built = (name: string): string => join(installed, 'dist', name.replace(/\.ts$/, '.js'))

describe('the published source maps', () => {
  it('lead from each file to its unchanged source', () => {
    const dist = join(installed, 'dist')
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(js|d\.ts)$/.test(name),
    )
    expect(files).toContain('session/did-session.d.ts')
    for (const name of files) {
      const of = name.replace(/\.(js|d\.ts)$/, '.ts')
      expect(sourceMapOf(join(dist, name)).sources).toEqual([source(of)])
      expect(readFileSync(source(of), 'utf8')).toBe(readFileSync(join(OURS, of), 'utf8'))
    }
  })

  it('are named in their files', () => {
    const map = JSON.parse(readFileSync(`${built('session/did-session.ts')}.map`, 'utf8')) as object
    expect(map).toMatchObject({ sources: ['../../src/session/did-session.ts'] })
  })
})

describe('a breakpoint in TypeScript', () => {
  it('pauses in Node', async () => {
    await folder.write(
      'in-node.js',
      `${SIGN_IN}
import { fileStore } from 'cacao-session/node'
fileStore('sessions')
if (account !== '${ACCOUNT}') throw new Error(account)`,
    )
    const breakpoints = Object.entries(IN_NODE).map(([name, text]): Breakpoint => {
      const { file, line, column } = sourceMapOf(built(name)).generated({
        file: source(name),
        line: lineWith(source(name), text),
      })
      return { url: pathToFileURL(file).href, lineNumber: line, columnNumber: column }
    })
    const paused = await debugged(folder, './in-node.js', breakpoints)
    const where = paused.map(({ url, sourceMapURL, lineNumber, columnNumber }) => {
      const generated = fileURLToPath(url)
      expect(sourceMapURL).toBe(`${basename(generated)}.map`)
      const { file, line } = sourceMapOf(generated).original({ line: lineNumber, column: columnNumber })
      return [relative(source(''), file), line]
    })
    expect(where).toEqual(Object.entries(IN_NODE).map(([name, text]) => [name, lineWith(source(name), text)]))
  })

  describe.skipIf(!engine)('in a page that esbuild bundled, with the maps of its packages', () => {
    let server: Server
    let browser: Browser
    const out = (): string => join(folder.path, 'out')
    beforeAll(async () => {
      if (!engine) return
      await folder.write('page.js', `${SIGN_IN}\ndocument.body.textContent = account\n`)
      const args = ['page.js', '--bundle', '--splitting', '--format=esm', '--sourcemap', '--outdir=out']
      await run(join(folder.path, 'node_modules/.bin/esbuild'), [...args, '--log-level=warning'], {
        cwd: folder.path,
      })
      server = createServer(({ url = '/' }, response) => {
        const { pathname } = new URL(url, 'http://localhost')
        response.setHeader('content-type', pathname === '/' ? 'text/html' : 'text/javascript')
        response.end(
          pathname === '/'
            ? '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="page.js"></script>'
            : readFileSync(join(out(), basename(pathname))),
        )
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      browser = await openBrowser(engine)
    })
    afterAll(async () => {
      await browser?.close()
      server?.closeAllConnections()
      server?.close()
    })

    it('pauses in Chromium', async () => {
      const bundles = readdirSync(out())
        .filter((name) => name.endsWith('.js'))
        .map((name) => ({ name, map: sourceMapOf(join(out(), name)) }))
      const origin = `http://localhost:${(server.address() as AddressInfo).port}`
      const [tab] = browser.context?.pages() ?? []
      if (!browser.context || !tab) throw new Error('Playwright drives Chromium')
      const debug = await browser.context.newCDPSession(tab)
      const where: unknown[] = []
      const scripts = new Map<string, string>()
      debug.on('Debugger.scriptParsed', ({ scriptId, url }) => void scripts.set(scriptId, url))
      debug.on('Debugger.paused', ({ callFrames: [frame] }) => {
        const { scriptId = '', lineNumber = 0, columnNumber = 0 } = frame?.location ?? {}
        const bundle = bundles.find(({ name }) => scripts.get(scriptId) === `${origin}/${name}`)
        const place = bundle?.map.original({ line: lineNumber, column: columnNumber })
        where.push([relative(source(''), place?.file ?? ''), place?.line])
        void debug.send('Debugger.resume')
      })
      await debug.send('Debugger.enable')
      for (const [name, text] of Object.entries(BREAKPOINTS)) {
        const bundle = bundles.find(({ map }) => map.sources.includes(source(name)))
        if (!bundle) throw new Error(`no bundle says that it has ${name}`)
        const at = bundle.map.sources.indexOf(source(name))
        expect(bundle.map.contents[at]).toBe(readFileSync(join(OURS, name), 'utf8'))
        const { line, column } = bundle.map.generated({
          file: source(name),
          line: lineWith(source(name), text),
        })
        await debug.send('Debugger.setBreakpointByUrl', {
          url: `${origin}/${bundle.name}`,
          lineNumber: line,
          columnNumber: column,
        })
      }
      await browser.page.goto(origin)
      await browser.page.waitForText('body', ACCOUNT)
      expect(where).toEqual(
        Object.entries(BREAKPOINTS).map(([name, text]) => [name, lineWith(source(name), text)]),
      )
    })
  })
})

describe('a stack trace', () => {
  it('names the TypeScript file and line', async () => {
    const script = await folder.write(
      'fails.js',
      `import { DIDSession } from 'cacao-session'
await DIDSession.fromSession('nonsense').catch(({ stack }) => console.log(stack))`,
    )
    const { stdout } = await run(process.execPath, ['--enable-source-maps', script], { cwd: folder.path })
    const frames = [...stdout.matchAll(/\((.+\.ts):(\d+):(\d+)\)/g)].map(([, file = '', line, column]) => {
      const words = readFileSync(file, 'utf8')
        .split('\n')
        [Number(line) - 1]?.slice(Number(column) - 1)
      return `${relative(installed, file)}: ${words}`
    })
    expect(frames[0]).toMatch(/^src\/resume\/session-string\.ts: new SessionError\($/)
    expect(frames.at(-1)).toMatch(/^src\/session\/did-session\.ts: await readSession\(serialized, options\)/)
    expect(stdout).not.toContain('/dist/')
  })
})

describe('"go to definition"', () => {
  it.each([
    ['DIDSession', 'cacao-session', 'session/did-session.ts', 'export class DIDSession'],
    ['ethereumAuth', 'cacao-session/ethereum', 'wallet/ethereum/index.ts', 'export function ethereumAuth'],
    ['fileStore', 'cacao-session/node', 'node/file-store.ts', 'export function fileStore'],
  ])('of %s leads to its TypeScript', async (name, entry, file, line) => {
    const text = `import { ${name} } from '${entry}'\n`
    const compilerOptions = { module: 'nodenext', target: 'es2022', types: [] }
    await folder.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['app.ts'] }))
    const app = await folder.write('app.ts', text)
    const [definition] = await definitionsOf(folder, app, name, text)
    expect(definition).toMatchObject({
      file: source(file),
      start: { line: lineWith(source(file), line) + 1 },
    })
  })
})
