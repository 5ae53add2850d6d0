import { join } from 'node:path'
import type { Plugin } from 'vitest/config'
import { entries } from '../../docs/entries.js'
import { guide, root } from './pages.js'

const PREFIX = 'guide:'

/** Where an entry's source is, by what it is imported as. */
function sourceOf(specifier: string): string {
  const entry = entries.find(({ name }) => name === specifier)
  if (!entry) throw new Error(`a guide imports ${specifier}, which is no entry`)
  return join(root, 'src', `${entry.source}.ts`)
}

/** Lets tests in browsers import a guide's example: `guide:react/app`. It gets the sources, as the test does. */
export function guideExamples(): Plugin {
  return {
    name: 'guide-examples',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined
      const [page = '', name = ''] = id.slice(PREFIX.length + 1).split('/')
      return guide(page, name).replace(/(?<=(?:from|import) ["'])cacao-session[\w/-]*(?=["'])/g, sourceOf)
    },
  }
}
