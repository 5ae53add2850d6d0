import { readFileSync } from 'node:fs'

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** The package's entries: how each is imported, its source, and its page in the reference. */
export const entries = Object.entries(exports).flatMap(([name, { types }]) => {
  if (!types) return []
  const source = types.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1')
  return { name: name.replace('.', 'cacao-session'), source, page: name.replace(/^\.\/?/, '') || 'main' }
})
