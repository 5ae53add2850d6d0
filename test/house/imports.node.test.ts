import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const MAX_LINES = 300

/** Which folders a folder's files must not import, directly or through others. */
const FORBIDDEN: readonly [folder: string, imports: (folder: string) => boolean][] = [
  ['base', (folder) => folder !== 'base'],
  ['key', (folder) => !['base', 'key'].includes(folder)],
  ['capability', (folder) => ['store', 'session', 'sign-in', 'tabs', 'wallet'].includes(folder)],
  ['http', (folder) => ['session', 'sign-in', 'tabs'].includes(folder)],
]

// Static imports and re-exports, of types too, begin a line; dynamic imports and `import('…').Type` may stand anywhere.
const IMPORTS = /^(?:import|export)\b[^'";]*?\bfrom '(\.[^']+)'|^import '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

const sources = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => [name.split(sep).join('/'), readFileSync(join(SRC, name), 'utf8')]),
)
const graph = new Map([...sources].map(([file, source]) => [file, importsOf(file, source)]))

function importsOf(file: string, source: string): readonly string[] {
  return Array.from(source.matchAll(IMPORTS), ([, ...paths]) => {
    const path = paths.find((one) => one !== undefined) ?? ''
    const target = normalize(join(dirname(file), path))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '')
    const found = [`${target}.ts`, `${target}.tsx`].find((name) => sources.has(name))
    if (found === undefined) throw new Error(`${file} imports ${path}, which is no source file`)
    return found
  })
}

/** The files of one cycle, the first of them again at its end; none if there is no cycle. */
function findCycle(): readonly string[] {
  const remaining = new Map(graph)
  const open = (file: string): string[] => (remaining.get(file) ?? []).filter((name) => remaining.has(name))
  for (let size = -1; size !== remaining.size; ) {
    size = remaining.size
    for (const file of [...remaining.keys()]) if (open(file).length === 0) remaining.delete(file)
  }
  const path: string[] = []
  let [next] = remaining.keys()
  while (next !== undefined && !path.includes(next)) {
    path.push(next)
    ;[next] = open(next)
  }
  return next === undefined ? [] : [...path.slice(path.indexOf(next)), next]
}

/** All files that a file imports, directly or through others. */
function reachableFrom(file: string): ReadonlySet<string> {
  const reached = new Set<string>()
  const visit = (name: string): void => {
    for (const imported of graph.get(name) ?? []) {
      if (reached.has(imported)) continue
      reached.add(imported)
      visit(imported)
    }
  }
  visit(file)
  return reached
}

const folderOf = (file: string): string => file.split('/', 1)[0] ?? ''

describe('source files', () => {
  it('are all in the graph, with static, dynamic and type imports', () => {
    expect(graph.get('index.ts')).toContain('capability/cacao.ts')
    expect(graph.get('capability/accounts.ts')).toContain('key/ecdsa.ts')
    expect(graph.get('capability/chain.ts')).toContain('capability/cacao.ts')
    expect(graph.get('capability/verify-cacao.ts')).toContain('capability/parse-cacao.ts')
  })

  it('import each other in no cycle', () => {
    expect(findCycle()).toEqual([])
  })

  it(`have at most ${MAX_LINES} lines`, () => {
    const long = [...sources].filter(([, source]) => source.trimEnd().split('\n').length > MAX_LINES)
    expect(long.map(([file]) => file)).toEqual([])
  })

  it.each(FORBIDDEN)('of %s import no folder above it', (folder, isAbove) => {
    const files = [...sources.keys()].filter((file) => folderOf(file) === folder)
    const wrong = files.flatMap((file) =>
      [...reachableFrom(file)].filter((name) => isAbove(folderOf(name))).map((name) => `${file} → ${name}`),
    )
    expect(files).not.toEqual([])
    expect(wrong).toEqual([])
  })
})
