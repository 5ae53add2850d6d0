import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const { exports: entries } = JSON.parse(readFileSync(root('package.json'), 'utf8')) as { exports: object }

// The packages that each entry's own declarations need, which its users have.
const NODE = ['./node', './express', './fastify']
const PEERS: Readonly<Record<string, string>> = {
  './hono': 'hono',
  './react': '@types/react',
  './vue': 'vue',
  './svelte': 'svelte',
  './dids': 'dids',
  './did-session': 'dids',
}
const names = Object.keys(entries).filter((name) => !/\.(?:json|css)$/.test(name))
const without = names.filter((name) => !(name in PEERS))

const compilers = {
  'TypeScript 7': root('node_modules/typescript/bin/tsc'),
  'TypeScript 5': 'node_modules/typescript/bin/tsc',
}
const resolutions = { bundler: 'esnext', nodenext: 'nodenext' }

let folder: BareFolder
beforeAll(async () => {
  folder = await bareFolder(
    'typescript@5.9.3',
    '@types/node@20.19.43',
    '@types/react@19.3.0',
    'hono@4.13.19',
    'vue@3.5.45',
    'svelte@5.57.3',
  )
})
afterAll(() => folder.remove())

/** Compiles a file that imports the entries, and checks the declarations too. */
async function compile(
  imported: readonly string[],
  {
    compiler,
    moduleResolution,
    types,
  }: { compiler: string; moduleResolution: keyof typeof resolutions; types: string[] },
): Promise<void> {
  const lines = imported.map(
    (name, i) => `export * as entry${i} from '${name.replace('.', 'cacao-session')}'`,
  )
  await folder.write('all.ts', lines.join('\n'))
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    module: resolutions[moduleResolution],
    moduleResolution,
    types,
  }
  await folder.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['all.ts'] }))
  await run(process.execPath, [compiler, '-p', '.'], { cwd: folder.path })
}

describe.each(Object.entries(compilers))('declarations compiled by %s', (_, compiler) => {
  it.each(Object.keys(resolutions) as (keyof typeof resolutions)[])(
    'have no errors (%s)',
    async (moduleResolution) => {
      const plain = without.filter((name) => !NODE.includes(name))
      await compile(plain, { compiler, moduleResolution, types: [] })
      await compile(without, { compiler, moduleResolution, types: ['node'] })
    },
  )

  it('have no errors besides those of a peer', async () => {
    await compile(['./react', './vue', './svelte', './hono'], {
      compiler,
      moduleResolution: 'bundler',
      types: ['node'],
    })
  })

  it('would fail for an entry that does not exist', async () => {
    const options = { compiler, moduleResolution: 'bundler', types: [] as string[] } as const
    await expect(compile(['./no-such-entry'], options)).rejects.toThrow('TS2307')
  })
})
