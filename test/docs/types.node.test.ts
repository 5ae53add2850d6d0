import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { docExamples, moduleOf } from './docstrings.js'
import { type Block, blocksOf, example, pages, root } from './pages.js'

// Packages of the examples that are not installed here, or bring no types: as much of theirs as the examples use.
const NOT_INSTALLED = `declare module 'secp256k1' {
  const all: import('cacao-session/node').Secp256k1
  export default all
}
declare module 'ws' {
  export const WebSocketServer: new (options: { noServer: true }) => WebSocketServer
  export type WebSocketServer = import('@hono/node-server').WebSocketServerLike
}
declare module 'fastify' {
  interface Request { raw: object; originalUrl: string; query: unknown; body: unknown }
  interface Reply { raw: object; code(status: number): this; headers(values: Record<string, string>): this; send(body?: unknown): this }
  export interface FastifyInstance {
    addHook(name: 'onRequest', hook: (request: Request, reply: Reply) => Promise<unknown>): this
    post(path: string, handler: (request: Request, reply: Reply) => Promise<unknown>): this
  }
}
declare module '@opentelemetry/api' {
  interface Histogram { record(value: number, attributes?: Record<string, string>): void }
  export interface Meter { createHistogram(name: string, options?: { unit?: string }): Histogram }
}
declare module 'socket.io' {
  interface Socket { handshake: { auth: Record<string, any> }; data: any }
  export interface Server { use(guard: (socket: Socket, next: (error?: Error) => void) => void): this }
}
declare module 'socket.io-client' {
  export function io(url: string, options: { auth: (give: (data: object) => void) => void }): object
}
declare module 'graphql' { export interface GraphQLSchema { readonly description?: string } }
declare module 'graphql-ws' {
  export function createClient(options: { url: string; connectionParams(): Promise<Record<string, unknown>> }): object
}
declare module 'graphql-ws/use/ws' {
  interface Context<P, E> { readonly connectionParams?: Readonly<P>; extra: Partial<E> }
  interface Options<P, E> { schema: import('graphql').GraphQLSchema; onConnect(context: Context<P, E>): Promise<boolean> }
  export function useServer<P extends Record<string, unknown>, E extends Record<PropertyKey, unknown>>(options: Options<P, E>, server: import('ws').WebSocketServer): object
}`

// What the generators of new apps write (Vite, Next.js, SvelteKit, Nuxt), and the two checks that few of them turn on.
const OPTIONS = {
  noEmit: true,
  target: 'es2022',
  module: 'esnext',
  moduleResolution: 'bundler',
  moduleDetection: 'force',
  jsx: 'react-jsx',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noFallthroughCasesInSwitch: true,
  noUncheckedSideEffectImports: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  isolatedModules: true,
  skipLibCheck: true,
}

/** A page has no types of Node, and a server none of the DOM. */
const PROGRAMS = {
  page: { ...OPTIONS, lib: ['es2022', 'dom', 'dom.iterable'], types: [] },
  server: { ...OPTIONS, lib: ['es2022'], types: ['node'] },
}

// A block is a server's if it uses what only Node has, or a package whose types need those of Node.
const SERVER =
  /\bprocess\.|\bBuffer\b|'node:|(?:from |import\()'(?:cacao-session\/node|express|fastify|h3|vitest|pg|redis|socket\.io|graphql-ws\/use\/ws|ws|@hono\/node-server|playwright(?:-core)?|@playwright\/test|@nestjs\/[\w-]+)'/

const CODE = /^(js|tsx?)$/

interface File {
  readonly path: string
  readonly text: string
}

/** The files that a page's blocks make: each line stands in the file where it stands on the page. */
function filesOf(page: string): File[] {
  const files = new Map<string, Block[]>()
  for (const block of blocksOf(page)) {
    if (CODE.test(block.language)) files.set(block.name, [...(files.get(block.name) ?? []), block])
  }
  return [...files].map(([name, blocks]) => {
    const lines: string[] = []
    for (const { line, code } of blocks) {
      while (lines.length < line - 1) lines.push('')
      lines.push(...code.trimEnd().split('\n'))
    }
    const extension = blocks.some(({ language }) => language === 'tsx') ? 'tsx' : 'ts'
    return { path: `${page}/${name}.${extension}`, text: `${lines.join('\n')}\n` }
  })
}

/** What the compiler says of files in one of the programs, as `page/name.ts(line,column): error …`. */
async function complaintsOf(program: keyof typeof PROGRAMS, files: readonly File[]): Promise<string[]> {
  const folder = join(root, 'build', `blocks-${process.pid}`, program)
  onTestFinished(() => rm(dirname(folder), { recursive: true, force: true }))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await write('tsconfig.json', JSON.stringify({ compilerOptions: PROGRAMS[program], include: ['.'] }))
  await write('not-installed.d.ts', NOT_INSTALLED)
  for (const { path, text } of files) await write(path, text)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder })
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  // The example of a docstring ends with what it makes.
  return stdout
    .split('\n')
    .filter(
      (line) => line !== '' && !line.startsWith(' ') && !/^src\/.* error TS(6133|6196|6198):/.test(line),
    )
}

describe('the code on the pages and in the docstrings', () => {
  it('has no error of types in a new app, as strict as the compiler can be', {
    timeout: 300_000,
  }, async () => {
    const files = pages.flatMap(filesOf)
    expect(files.length).toBeGreaterThan(20)
    const examples = docExamples()
    expect(examples.length).toBeGreaterThan(60)
    for (const shown of examples) {
      const path = `src/${shown.source.replace(/\.ts$/, '')}/line-${shown.line}.tsx`
      files.push({ path, text: await moduleOf(shown) })
    }
    // Files of one folder, which import one another, stay together.
    const folderOf = ({ path }: File): string => /^.*\.md\/[^/]+/.exec(path)?.[0] ?? path
    const servers = new Set(files.filter(({ text }) => SERVER.test(text)).map(folderOf))
    const isOfServer = (file: File): boolean => servers.has(folderOf(file))
    const wrong =
      "import { DIDSession } from 'cacao-session'\nawait DIDSession.get('a')\nexport const f = (x) => x\n"
    const inPage = { path: 'wrong/wrong.ts', text: `${wrong}export const e = process.env` }
    const onServer = { path: 'wrong/wrong.ts', text: `${wrong}export const a = document` }
    const [page, server] = await Promise.all([
      complaintsOf('page', [...files.filter((file) => !isOfServer(file)), inPage]),
      complaintsOf('server', [...files.filter(isOfServer), onServer]),
    ])
    // What is wrong would be seen, and nothing else is: neither has what only the other one has.
    const common = [
      /^wrong\/wrong\.ts\(2,\d+\): error TS2554: Expected 3 arguments/,
      /\(3,\d+\): error TS7006/,
    ]
    const seen = (...lines: RegExp[]) => [...common, ...lines].map((line) => expect.stringMatching(line))
    expect({ page, server }).toEqual({
      page: seen(/\(4,\d+\): error TS\d+: Cannot find name 'process'/),
      server: seen(/\(4,\d+\): error TS\d+: Cannot find name 'document'/),
    })
  })

  const components = pages.flatMap((page) =>
    blocksOf(page).flatMap(({ language, name }) => (language === 'tsx' ? [[page, name] as const] : [])),
  )
  it.each(components)('%s: %s loads on a server, where there is no page', (page, name) => {
    expect(runFresh(`${example(page, name)}\nconsole.log('loaded')`)).toBe('loaded\n')
  })

  // A global type that one file imports is there for all of a program.
  it.each(pages)('%s imports the type of window.ethereum where it uses it', (page) => {
    for (const { path, text } of filesOf(page))
      if (text.includes('window.ethereum')) expect(text, path).toContain("import 'cacao-session/window'")
  })
})
