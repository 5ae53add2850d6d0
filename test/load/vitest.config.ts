import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { reporters } from '../engines/reporters.js'

// The load lane: several server processes on one real Redis, and memory over a long run. It tests the build.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/load/*.node.test.ts'],
    // The long run of requests continues beside other lanes, which start first.
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
    teardownTimeout: 120_000,
    // The memory test uses one core; the others mostly wait.
    maxWorkers: 2,
    disableConsoleIntercept: true,
    reporters: reporters(),
    api: { host: '127.0.0.1' },
  },
})
