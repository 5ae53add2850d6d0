import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

// Static imports and re-exports, of types too, begin a line; dynamic imports and `import('…').Type` may stand anywhere.
const IMPORTS = /^(?:import|export)\b[^'";]*?\bfrom '(\.[^']+)'|^import '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

/** The source files by their paths within `src`, with their texts. */
export const sources: ReadonlyMap<string, string> = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => [name.split(sep).join('/'), readFileSync(join(SRC, name), 'utf8')]),
)
/** The imports of each source file: static ones, types, dynamic ones, and re-exports. */
export const graph: ReadonlyMap<string, readonly string[]> = new Map(
  [...sources].map(([file, source]) => [file, importsOf(file, source)]),
)

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
