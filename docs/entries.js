import { readFileSync } from 'node:fs'

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** The package's entries: how each is imported, its source, and its page in the reference. */
export const entries = Object.entries(exports).flatMap(([name, { types }]) => {
  if (!types) return []
  const source = types.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1')
  return { name: name.replace('.', 'cacao-session'), source, page: name.replace(/^\.\/?/, '') || 'main' }
})

/**
 * The reference, by what each entry is for. A test looks that none is missing but `cacao-session/window`, whose one type is the global
 * Window, with all that browsers have.
 */
export const reference = [
  {
    text: 'Sign in',
    items: [
      'cacao-session',
      ...of('ethereum', 'solana', 'webauthn', 'key', 'wallets', 'rainbowkit', 'appkit'),
    ],
  },
  { text: 'Components', items: of('react', 'vue', 'svelte', 'sign-in-button') },
  { text: 'Verify', items: of('verify', 'hono', 'express', 'fastify', 'fetch', 'cookie', 'cookie-client') },
  { text: 'Store', items: of('stores', 'node', 'sql', 'upstash') },
  { text: 'Test', items: of('testing') },
  { text: 'Beside did-session', items: of('did-session', 'dids') },
]

function of(...names) {
  return names.map((name) => `cacao-session/${name}`)
}
