import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { reporters } from '../engines/reporters.js'

// The fuzz lane: the same tests as in `npm test` with many more cases, and their tallies.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/fuzz/*.node.test.ts', 'test/properties/differential.node.test.ts'],
    env: {
      FUZZ_CASES: process.env['FUZZ_CASES'] ?? '260000',
      DIFFERENTIAL_CASES: process.env['DIFFERENTIAL_CASES'] ?? '10000',
    },
    disableConsoleIntercept: true,
    reporters: reporters(),
    // Two files at a time, also on two cores.
    maxWorkers: 2,
    api: { host: '127.0.0.1' },
  },
})
