import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { findEngines } from '../engines/engines.js'

const engines = await findEngines()

// `npm run try:apps`: new apps created by the usual generators, with the guides' code. It installs a gigabyte and needs a
// registry, so it is not part of the tests.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/fresh-apps/*.test.ts'],
    globalSetup: ['test/fresh-apps/pack.ts'],
    provide: { engines: engines.found },
    testTimeout: 1_200_000,
    hookTimeout: 300_000,
    api: { host: '127.0.0.1' },
  },
})
