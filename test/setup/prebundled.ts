import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const onlyInNode = /(^|\/)(e2e|engines|load|packed)\/|^docs\/[\w-]+\.ts$|\.node\.test\.ts$/
const importFrom =
  /^(?!import type|export type)(?:import|export|\}).*?from '([^'.][^']*)'|import\('([^'.][^']*)'\)/gm

function importsOf(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  const sources = files.filter((path) => path.endsWith('.ts') && !onlyInNode.test(path))
  return sources.flatMap((path) => {
    const text = readFileSync(join(root, folder, path), 'utf8')
    return [...text.matchAll(importFrom)].map((match) => match[1] ?? match[2] ?? '')
  })
}

/**
 * The packages that browser lanes import from node_modules. Vite's own discovery may find a dependency in the middle of a run,
 * and then reloads the page under the running test; so it is off, and the list is made before the start.
 */
export function prebundled(): string[] {
  // The import that JSX is compiled to, in the guides' examples.
  const names = new Set([...importsOf('src'), ...importsOf('test'), 'react/jsx-runtime'])
  return [...names]
    .filter((name) => !/^(node:|guide:|vitest$|vitest\/|fake-indexeddb|solc)/.test(name))
    .sort()
}
