import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { findEngines } from '../engines/engines.js'
import { reporters } from '../engines/reporters.js'
import { MatrixReporter } from './matrix-reporter.js'

const engines = await findEngines()

// The packed lane: the package as it is published, installed into empty folders, and used there as its users would.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/packed/**/*.test.ts'],
    globalSetup: ['test/packed/pack.ts'],
    provide: { engines: engines.found },
    // These limits only end tests that hang; the functions that wait report what they waited for.
    testTimeout: 600_000,
    hookTimeout: 900_000,
    teardownTimeout: 120_000,
    maxWorkers: 3,
    reporters: reporters(new MatrixReporter()),
    api: { host: '127.0.0.1' },
  },
})
