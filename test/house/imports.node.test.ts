import { describe, expect, it } from 'vitest'
import { graph, sources } from './graph.js'

const MAX_LINES = 300

// The public class can't be split, and most of its lines are docstrings.
const LONGER: Readonly<Record<string, number>> = { 'session/did-session.ts': 490 }

/** The folders from the bottom up: a file imports only from its own folder, and from folders further down. */
const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['key'],
  ['capability'],
  ['http', 'jws', 'store', 'wallet'],
  ['server', 'token'],
  ['options'],
  ['resume'],
  ['tabs'],
  ['sign-in'],
  ['session'],
  ['session-state'],
  ['sign-in-button'],
  ['compat', 'kits', 'middleware', 'node', 'react', 'svelte', 'vue'],
  ['cookie'],
  ['testing', 'cli', ''],
]

/** The files of one cycle, ending with the first of them again; empty if there is no cycle. */
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
    expect(graph.get('http/revocation.ts')).toContain('key/ecdsa.ts')
    expect(graph.get('capability/recap.ts')).toContain('capability/cacao.ts')
    expect(graph.get('capability/verify-cacao.ts')).toContain('capability/parse-cacao.ts')
  })

  it('import each other in no cycle', () => {
    expect(findCycle()).toEqual([])
  })

  it(`have at most ${MAX_LINES} lines, except the public class`, () => {
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
