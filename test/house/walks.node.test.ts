import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { graph } from './graph.js'

const CONTRIBUTING = readFileSync(fileURLToPath(new URL('../../CONTRIBUTING.md', import.meta.url)), 'utf8')

/** The most files that each walk may have. */
const WALKS = [
  ['an account', 6],
  ['a request', 7],
  ['a string', 5],
] as const

const importsOf = (file: string): readonly string[] => {
  const all = graph.get(file)
  if (!all) throw new Error(`CONTRIBUTING.md speaks of ${file}, which is no source file`)
  // Code that loads later is listed in files that only re-export it, which client.ts loads for the class.
  const isLoader = all.includes('session/client.ts') || all.includes('session/signing-in.ts')
  return isLoader ? [...all, ...(graph.get('session/signing-in.ts') ?? [])] : all
}

describe('the walks of CONTRIBUTING.md', () => {
  it.each(WALKS)('%s passes at most %i files, and each is imported by one before it', (name, most) => {
    const line = new RegExp(`^- ${name}, .*$`, 'm').exec(CONTRIBUTING)?.[0] ?? ''
    const files = Array.from(line.matchAll(/`([a-z0-9/-]+\.ts)`/g), ([, file = '']) => file)
    expect(files.length).toBeGreaterThan(2)
    expect(files.length).toBeLessThanOrEqual(most)
    const strays = files.slice(1).filter((file, i) => {
      const before = files.slice(0, i + 1)
      // A store is passed as a SessionStore, and imported where it is created.
      const isStore = file === 'store/indexeddb-store.ts' && importsOf('resume/context.ts').includes(file)
      return !isStore && !before.some((other) => importsOf(other).includes(file))
    })
    expect(strays).toEqual([])
  })

  it('would fail for files that are not imported', () => {
    expect(importsOf('session/did-session.ts')).not.toContain('http/replay.ts')
    expect(() => importsOf('session/place.ts')).toThrow('no source file')
  })
})

describe('the tree in CONTRIBUTING.md', () => {
  const picture = /```\nsrc\/\n([\s\S]*?)```/.exec(CONTRIBUTING)?.[1] ?? ''

  it('has at most 40 lines', () => {
    const lines = picture.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.length).toBeLessThanOrEqual(40)
  })

  it('names every folder of src', () => {
    const folders = new Set(
      [...graph.keys()].flatMap((file) => (file.includes('/') ? [file.split('/')[0]] : [])),
    )
    expect(
      [...folders].filter((folder) => !new RegExp(`^ +(?:\\S+/ +)*${folder}/(?: |$)`, 'm').test(picture)),
    ).toEqual([])
  })
})
