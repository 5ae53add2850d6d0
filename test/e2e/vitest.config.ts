import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { EngineReporter } from '../engines/engine-reporter.js'
import { findEngines } from '../engines/engines.js'
import { reporters } from '../engines/reporters.js'

const engines = await findEngines()

// The e2e lane: whole pages in real browsers with a profile; many tabs and workers, which are closed, killed, frozen and waited
// for; the examples and the demo as a person uses them.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/{e2e,tabs}/*.test.ts'],
    provide: { engines: engines.found },
    // These limits only end tests that hang; the functions that wait report what they waited for.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 120_000,
    // Tests that drive browsers mostly wait, so more files run at a time than there are cores.
    maxWorkers: 3,
    reporters: reporters(new EngineReporter(engines)),
    api: { host: '127.0.0.1' },
  },
})
