import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { docExamples, moduleOf } from './docstrings.js'
import { type Block, blocksOf, pages, root } from './pages.js'

// The settings that generators of new apps write (Vite, Next.js, SvelteKit, Nuxt), and two checks that few of them enable.
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
export const PROGRAMS = {
  page: { ...OPTIONS, lib: ['es2022', 'dom', 'dom.iterable'], types: [] },
  server: { ...OPTIONS, lib: ['es2022'], types: ['node'] },
}

// A block runs on a server if it uses APIs of Node, or a package whose types need those of Node.
const SERVER =
  /\bprocess\.|\bBuffer\b|'node:|(?:from |import\()'(?:cacao-session\/node|express|h3|vitest|pg|redis|@hono\/node-server|playwright-core|@playwright\/test)'/

// Packages of the examples that are not installed here or have no types. The packed tests compile and run these.
const ELSEWHERE =
  /from '(?:@apollo\/client\/core|@nestjs\/\w+|@opentelemetry\/api|@trpc\/(?:client|server)[\w/]*|@urql\/core|axios|fastify|graphql[\w/-]*|ky|openapi-fetch|secp256k1|socket\.io(?:-client)?|ws)'/

/** Whether a file needs packages that are not installed here. */
export const needsOthers = ({ text }: File): boolean => ELSEWHERE.test(text)

// Packages whose guides have their own packed test, which compiles and runs them.
const WITH_OWN_TEST =
  /from '(?:@rainbow-me\/rainbowkit|@reown\/appkit[\w/-]*|wagmi[\w/]*|@walletconnect\/[\w-]+|@ceramic-sdk\/[\w-]+|@ceramicnetwork\/[\w-]+|@composedb\/\w+|expo-[\w-]+|react-native[\w-]*)'/

/** Whether a file needs packages that are not installed here, and has a packed test of its guide. */
export const hasOwnTest = ({ text }: Pick<File, 'text'>): boolean => WITH_OWN_TEST.test(text)

/** The files that run in Node: those with APIs of Node, or which import such a file. */
export function serversOf(files: readonly File[]): ReadonlySet<File> {
  const servers = new Set(files.filter(({ text }) => SERVER.test(text)))
  const isOne = (path: string): boolean =>
    [...servers].some((file) => file.path.replace(/\.tsx?$/, '') === path)
  for (let before = 0; before < servers.size; ) {
    before = servers.size
    for (const file of files)
      for (const [, name = ''] of file.text.matchAll(/from '(\.[^']+)'/g))
        if (isOne(join(dirname(file.path), name))) servers.add(file)
  }
  return servers
}

const CODE = /^(js|tsx?)$/

/** A file of an app, made of the blocks of one name on a page. */
export interface File {
  readonly path: string
  readonly text: string
}

/** The files that a page's blocks form: each line keeps its line number on the page. */
export function filesOf(page: string): File[] {
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

/** All files of the pages and the docstrings. */
export async function allFiles(): Promise<File[]> {
  const examples = docExamples().map(async (shown) => ({
    path: `src/${shown.source.replace(/\.ts$/, '')}/line-${shown.line}.tsx`,
    text: await moduleOf(shown),
  }))
  return [...pages.flatMap(filesOf), ...(await Promise.all(examples))]
}

/** The compiler's errors for files written into a folder, as `page/name.ts(line,column): error …`. */
export async function complaintsOf(
  folder: string,
  compilerOptions: object,
  files: readonly File[],
): Promise<string[]> {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['.'] }))
  // It exports the same as `playwright/test`, which is installed.
  await write('playwright.d.ts', "declare module '@playwright/test' { export * from 'playwright/test' }")
  // As in every app with Vue components.
  await write('vue.d.ts', "declare module '*.vue' { const app: import('vue').Component; export default app }")
  for (const { path, text } of files) await write(path, text)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder })
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  // A docstring's example ends with an expression.
  return stdout
    .split('\n')
    .filter(
      (line) => line !== '' && !line.startsWith(' ') && !/^src\/.* error TS(6133|6196|6198):/.test(line),
    )
}
