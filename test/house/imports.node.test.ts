import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const MAX_LINES = 300

// The public class is one thing, and most of its lines are docstrings.
const LONGER: Readonly<Record<string, number>> = { 'session/did-session.ts': 420 }

/** The folders from the bottom up: a file imports only from its own folder, and from folders further down. */
const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['key'],
  ['capability'],
  ['http', 'jws', 'store', 'wallet'],
  ['options'],
  ['tabs'],
  ['resume'],
  ['sign-in'],
  ['session'],
  ['compat', 'middleware', 'node', 'react'],
  ['testing', 'cli', ''],
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

/** The folder of a file within `src`; none for an entry beside the folders. */
const folderOf = (file: string): string => (file.includes('/') ? (file.split('/', 1)[0] ?? '') : '')

describe('source files', () => {
  it('are all in the graph, with static, dynamic and type imports', () => {
    expect(graph.get('index.ts')).toContain('capability/cacao.ts')
    expect(graph.get('capability/accounts.ts')).toContain('key/ecdsa.ts')
    expect(graph.get('capability/validity.ts')).toContain('capability/cacao.ts')
    expect(graph.get('capability/verify-cacao.ts')).toContain('capability/parse-cacao.ts')
  })

  it('import each other in no cycle', () => {
    expect(findCycle()).toEqual([])
  })

  it(`have at most ${MAX_LINES} lines, but for the public class`, () => {
    const lines = (source: string): number => source.trimEnd().split('\n').length
    const long = [...sources].filter(([file, source]) => lines(source) > (LONGER[file] ?? MAX_LINES))
    expect(long.map(([file]) => file)).toEqual([])
  })

  it('import only from their own folder and those below it', () => {
    const floorOf = (file: string): number => FLOORS.findIndex((floor) => floor.includes(folderOf(file)))
    expect([...sources.keys()].filter((file) => floorOf(file) < 0)).toEqual([])
    const upward = [...graph].flatMap(([file, imports]) =>
      imports
        .filter((name) => folderOf(name) !== folderOf(file) && floorOf(name) >= floorOf(file))
        .map((name) => `${file} → ${name}`),
    )
    expect(upward).toEqual([])
  })
})
