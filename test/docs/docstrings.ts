import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { entries } from '../../docs/entries.js'
import { root } from './pages.js'

/** An `@example` of a docstring. */
export interface DocExample {
  /** The source's path from `src`. */
  readonly source: string
  /** The number of its first line of code, counted from 1. */
  readonly line: number
  readonly code: string
}

const SOURCES = join(root, 'src')
const DOCSTRING = /^ *\/\*\*\n[\s\S]*?\*\/$/gm
const TAG = /^ *\* ?@/

/** Every example of the docstrings, as the API reference shows it. */
export function docExamples(): DocExample[] {
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((source) => source.endsWith('.ts'))
    .flatMap((source) => {
      const text = readFileSync(join(SOURCES, source), 'utf8')
      return Array.from(text.matchAll(DOCSTRING), ({ 0: docstring, index }) =>
        examplesOf(docstring.split('\n'), text.slice(0, index).split('\n').length),
      ).flatMap((examples) => examples.map((example) => ({ source, ...example })))
    })
}

function examplesOf(lines: readonly string[], first: number): Omit<DocExample, 'source'>[] {
  return lines.flatMap((line, at) => {
    if (!/^ *\* @example$/.test(line)) return []
    const rest = lines.slice(at + 1)
    const end = rest.findIndex((next) => TAG.test(next) || next.endsWith('*/'))
    const code = rest.slice(0, end).map((next) => {
      const [, own] = /^ *\*(?: (.*))?$/.exec(next) ?? []
      if (own === undefined && next.trim() !== '*')
        throw new Error(`a line of a docstring without its star: ${next}`)
      return own ?? ''
    })
    return [{ line: first + at + 1, code: code.join('\n').trimEnd() }]
  })
}

const HONO = "import('hono').Hono<{ Variables: import('cacao-session/hono').SessionVariables }>"

const CALLBACKS = "import('cacao-session/stores').CallbackBackend"

/** The names that examples leave out, such as `account`, with the types of most. */
const GIVEN: Readonly<Record<string, string>> = {
  App: '() => null',
  Deno: '{ serve(handler: (request: Request) => Response | Promise<Response>): unknown }',
  Notes: "(props: { session: import('cacao-session').DIDSession; onLeave: () => unknown }) => null",
  Page: '() => null',
  account: 'string',
  addButton: '(name: string, onClick: () => unknown) => void',
  app: HONO,
  ask: "(uri: string | undefined, resources: readonly string[]) => Promise<import('cacao-session').Cacao>",
  auth: "import('cacao-session').AuthMethod",
  button: 'HTMLButtonElement',
  caller: "import('cacao-session/verify').VerifiedRequest",
  capability: "import('cacao-session').Cacao",
  client: "import('cacao-session/node').NodeRedisClient",
  clock: "import('cacao-session/testing').TestClock",
  connect: "() => Promise<import('cacao-session/ethereum').EIP1193Provider>",
  connectionString: 'string',
  context: "import('playwright-core').BrowserContext",
  database: 'object',
  deviceDID: 'string',
  devices: "import('cacao-session/verify').DeviceStore",
  env: '{ UPSTASH_REDIS_REST_URL: string; UPSTASH_REDIS_REST_TOKEN: string }',
  expect: "(value: unknown) => Record<'toBe' | 'toContain' | 'toEqual', (wanted: unknown) => void>",
  image: 'HTMLImageElement',
  json: 'unknown',
  jws: 'string',
  keyDID: 'string',
  links: "import('cacao-session/verify').Nonces",
  myDevices:
    "(database: object, options: { now: () => number }) => import('cacao-session/verify').DeviceStore",
  myReplay:
    "(database: object, options: { now: () => number }) => import('cacao-session/verify').ReplayStore",
  myRevocation:
    "(database: object, options: { now: () => number }) => import('cacao-session/verify').RevocationStore",
  options: "import('cacao-session/verify').VerifyRequestOptions",
  otherAccount: 'string',
  page: "import('playwright-core').Page",
  pool: "import('pg').Pool",
  provider: "import('cacao-session/ethereum').EIP1193Provider",
  redis: `{ get: ${CALLBACKS}['getItem']; set: ${CALLBACKS}['setItem']; del: ${CALLBACKS}['removeItem'] }`,
  request: 'Request',
  resources: 'string[]',
  revocation: "import('cacao-session/verify').RevocationStore",
  server: "import('cacao-session/testing').TestServer",
  session: "import('cacao-session').DIDSession",
  sessions: "import('cacao-session').SessionClient<import('cacao-session').DIDSession>",
  show: "(session: import('cacao-session').DIDSession | undefined) => void",
  showEditor: '() => void',
  showLogin: '() => undefined',
  showRenewButton: '() => void',
  signIn: '(account: string) => void',
  status: 'HTMLElement',
  test: '(name: string, run: () => Promise<void>) => void',
  text: 'string',
  token: 'string',
  url: 'string',
  wallet: "import('cacao-session/testing').TestWallet",
}

/** Names with another meaning in these sources. */
const OF_SOURCE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'capability/dag-json.ts': { request: "import('cacao-session').AuthMethodOpts" },
  'server/links.ts': {
    c: "import('hono').Context<{ Variables: import('cacao-session/hono').SessionVariables }>",
  },
  'middleware/express.ts': {
    app: "import('express').Express",
    options:
      "import('cacao-session/express').RequireSessionOptions<import('cacao-session/express').NodeRequest>",
  },
  'middleware/fastify.ts': {
    app: `{ addHook(name: 'onRequest', hook: ReturnType<typeof import('cacao-session/fastify').requireSession>): void; get(path: string, handler: (request: object) => Promise<object>): void }`,
    options:
      "import('cacao-session/fastify').RequireSessionOptions<import('cacao-session/fastify').SessionFastifyRequest>",
  },
  'token/until-session-ends.ts': {
    revocation: "import('cacao-session/verify').RevocationStore",
    socket: "{ on(event: 'close', listener: () => void): void; close(code: number, reason: string): void }",
  },
  'token/verify-token.ts': {
    options: "import('cacao-session/verify').TokenVerifierOptions",
    replay: "import('cacao-session/verify').ReplayStore",
    token: 'string',
  },
  'session-state/session-state.ts': { signIn: "import('cacao-session/react').SessionActions['signIn']" },
}

/** The types that examples name. */
const TYPES: Readonly<Record<string, string>> = {
  Cacao: 'cacao-session',
  LinkRequest: 'cacao-session/verify',
  WalletChange: 'cacao-session/ethereum',
}

/** The imports of names that belong to no single entry. */
const FROM: Readonly<Record<string, string>> = {
  base: 'viem/chains',
  createApp: 'vue',
  createClient: 'redis',
  createPublicClient: 'viem',
  express: 'express',
  h: 'vue',
  http: 'viem',
  mount: 'svelte',
  Pool: 'pg',
  requireSession: 'cacao-session/hono',
  vi: 'vitest',
}

/** The imports for the names of this source's example. If two entries export a name, the entry of the source is used. */
async function namesFor(source: string): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const [name, from] of Object.entries(FROM))
    names.set(name, `import ${name === 'express' ? name : `{ ${name} }`} from '${from}'`)
  for (const entry of entries) {
    for (const name of Object.keys((await import(entry.name)) as object)) {
      const folder = /^(.*\/)index$/.exec(entry.source)?.[1]
      const isOwn = source === `${entry.source}.ts` || (folder && source.startsWith(folder))
      if (names.has(name) && !isOwn) continue
      names.set(name, `import { ${name} } from '${entry.name}'`)
    }
  }
  for (const [name, from] of Object.entries(TYPES)) names.set(name, `import type { ${name} } from '${from}'`)
  names.set('window', "import 'cacao-session/window'")
  const given = Object.entries({ ...GIVEN, ...OF_SOURCE[source] })
  return new Map([...names, ...given.map(([name, type]) => [name, `declare let ${name}: ${type}`] as const)])
}

/**
 * An example as a module that compiles. All declarations it leaves out are put before its first line, which keeps its position.
 */
export async function moduleOf({ source, line, code }: DocExample): Promise<string> {
  const imports = code.split('\n').filter((text) => text.startsWith('import '))
  const isNamed = (name: string): boolean =>
    new RegExp(`(?<!(?<!\\.)\\.|[\\w'])${name}\\b(?!')`).test(code) &&
    !imports.some((text) => text.includes(name))
  const needed = [...(await namesFor(source))].filter(([name]) => isNamed(name)).map(([, text]) => text)
  const before = [...imports, ...needed, 'export async function example() {'].join('; ')
  const rest = code.replace(/^import .*$/gm, '')
  return `${before}${'\n'.repeat(line - 1)}${rest}\n}\n`
}
