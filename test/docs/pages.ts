import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'

/** A code block of a page. Blocks with the same name form one file, in their order. */
export interface Block {
  /** `js`, `ts`, `tsx`, `sh`, … */
  readonly language: string
  /** The name after the language; for a block without one, its line. */
  readonly name: string
  /** The number of its first line of code, counted from 1. */
  readonly line: number
  readonly code: string
}

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** Every page written by hand, by its path in the repository. */
export const pages: readonly string[] = [
  'README.md',
  'docs/index.md',
  ...readdirSync(`${root}docs/guides`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/guides/${name}`),
]

/** A page's text. */
export const textOf = (page: string): string => readFileSync(root + page, 'utf8')

const FENCE = /^```(\w+)(?: ([\w$+./-]+))?\n([\s\S]*?)^```$/gm

/** The code blocks of a page. */
export function blocksOf(page: string): Block[] {
  const text = textOf(page)
  return Array.from(text.matchAll(FENCE), ({ index, 1: language = '', 2: name, 3: code = '' }) => {
    const line = text.slice(0, index).split('\n').length + 1
    return { language, name: name ?? `line-${line}`, line, code }
  })
}

/** A page's example of this name as JavaScript, as a reader would copy it. */
export function example(page: string, name: string): string {
  const blocks = blocksOf(page).filter((block) => block.name === name)
  const code = blocks.map((block) => block.code).join('\n')
  if (code === '') throw new Error(`${page} has no example ${name}`)
  const isTyped = blocks.some(({ language }) => language.startsWith('ts'))
  return isTyped ? transformSync(code, { loader: 'tsx', jsx: 'automatic', target: 'es2022' }).code : code
}

/** The same for a guide. */
export const guide = (page: string, name: string): string => example(`docs/guides/${page}.md`, name)
