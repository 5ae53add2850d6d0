import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RawSourceMap, SourceMapConsumer } from 'source-map-js'

/** A place in a file. Lines and columns count from 0, as debuggers count them. */
interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The source map of a generated file: which place of it stands for which place of a source. */
export interface SourceMap {
  readonly sources: readonly string[]
  /** What the map itself says that its sources contain. */
  readonly contents: readonly (string | null)[]
  /** Where the code of a source's line begins. */
  generated(source: { readonly file: string; readonly line: number }): Place
  /** The place in the source. */
  original(generated: Omit<Place, 'file'>): Place
}

/** The map to which the generated file's last line leads. */
export function sourceMapOf(file: string): SourceMap {
  const [, name = ''] = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(file, 'utf8')) ?? []
  const folder = join(file, '..')
  const map = JSON.parse(readFileSync(join(folder, name), 'utf8')) as RawSourceMap
  const consumer = new SourceMapConsumer(map)
  const named = new Map(map.sources.map((source) => [join(folder, map.sourceRoot ?? '', source), source]))
  const pathOf = (source: string): string => [...named].find(([, known]) => known === source)?.[0] ?? source
  return {
    sources: [...named.keys()],
    contents: map.sourcesContent ?? [],
    generated(source) {
      const { line, column } = consumer.generatedPositionFor({
        source: named.get(source.file) ?? source.file,
        line: source.line + 1,
        column: 0,
        bias: SourceMapConsumer.LEAST_UPPER_BOUND,
      })
      return { file, line: line - 1, column }
    },
    original(generated) {
      const { source, line, column } = consumer.originalPositionFor({
        line: generated.line + 1,
        column: generated.column,
      })
      return { file: pathOf(source), line: line - 1, column }
    },
  }
}

/** The first line that contains the text. */
export function lineWith(file: string, text: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((candidate) => candidate.includes(text))
  if (line === -1) throw new Error(`no line of ${file} contains ${text}`)
  return line
}
