import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { reporters } from '../engines/reporters.js'

// The load lane: several server processes on one real Redis, and a long run's memory. Runs what is built.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/load/*.node.test.ts'],
    // The long run of requests goes on beside other lanes, which go first.
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
    teardownTimeout: 120_000,
    // What one long run of requests leaves in memory takes one core; the others mostly wait.
    maxWorkers: 2,
    disableConsoleIntercept: true,
    reporters: reporters(),
    api: { host: '127.0.0.1' },
  },
})
