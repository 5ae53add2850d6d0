import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RawSourceMap, SourceMapConsumer } from 'source-map-js'

/** A position in a file. Lines and columns are counted from 0, as in debuggers. */
interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The source map of a generated file: positions of the file and of its sources. */
export interface SourceMap {
  readonly sources: readonly string[]
  /** The contents of the sources, if the map has them. */
  readonly contents: readonly (string | null)[]
  /** The generated position of a source line. */
  generated(source: { readonly file: string; readonly line: number }): Place
  /** The position in the source. */
  original(generated: Omit<Place, 'file'>): Place
}

/** The map that the last line of the generated file refers to. */
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
