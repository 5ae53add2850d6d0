import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { findEngines } from '../engines/engines.js'
import { reporters } from '../engines/reporters.js'

const engines = await findEngines()

// The site of the docs, as built by `npm run docs`, in Chromium.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/site/*.test.ts'],
    provide: { engines: engines.found },
    testTimeout: 600_000,
    hookTimeout: 120_000,
    reporters: reporters(),
    api: { host: '127.0.0.1' },
  },
})
