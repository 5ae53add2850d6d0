import { existsSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import type { BrowserProviderOption } from 'vitest/node'
import { guideExamples } from './test/docs/guide-examples.js'
import type { Engine } from './test/engines/engine.js'
import { EngineReporter } from './test/engines/engine-reporter.js'
import { findEngines } from './test/engines/engines.js'
import { launchOptions } from './test/engines/launch-options.js'
import { reporters } from './test/engines/reporters.js'
import { webkitgtk } from './test/engines/webkitgtk-provider.js'
import { prebundled } from './test/setup/prebundled.js'

const engines = await findEngines()
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// Fixtures and vectors lie beside the repository, perhaps behind a link.
const shared = folder('../shared')
const served = [folder('.'), ...(existsSync(shared) ? [shared, realpathSync(shared)] : [])]

// Only bounds what hangs: a busy machine is slow, not wrong.
const LONGEST_MS = 120_000

// Lanes with a configuration of their own.
const OWN_LANES = ['e2e', 'fresh-apps', 'packed', 'site', 'tabs'].map((lane) => `test/${lane}/**`)

// Every project is complete in itself: one that extends the root would evaluate this file again.
const node: TestProjectInlineConfiguration = {
  plugins: [svelte({ configFile: false })],
  test: {
    name: 'node',
    environment: 'node',
    pool: 'threads',
    include: ['test/**/*.test.ts'],
    exclude: [...OWN_LANES, 'test/load/**', '**/*.browser.test.ts'],
    setupFiles: [
      './test/setup/own-channel.ts',
      './test/setup/fake-indexeddb.ts',
      './test/setup/fresh-storage.ts',
    ],
    isolate: false,
    testTimeout: LONGEST_MS,
    hookTimeout: LONGEST_MS,
    expect: { poll: { timeout: LONGEST_MS } },
  },
}

const provider = (engine: Engine): BrowserProviderOption =>
  engine.name === 'webkitgtk' ? webkitgtk(engine) : playwright({ launchOptions: launchOptions(engine) })

const lane = (engine: Engine): TestProjectInlineConfiguration => ({
  plugins: [guideExamples(), svelte({ configFile: false })],
  server: { fs: { allow: served } },
  optimizeDeps: { noDiscovery: true, include: prebundled() },
  test: {
    // Vitest names the lane by its instance; this name only keeps the lanes' caches apart.
    name: `in ${engine.name}`,
    include: ['test/**/*.test.ts'],
    exclude: [...OWN_LANES, '**/*.node.test.ts'],
    // One page per engine, and one file after another: files never meet in the origin's database at one time.
    fileParallelism: false,
    isolate: false,
    // After Node, which has other numbers of workers.
    sequence: { groupOrder: 1 },
    setupFiles: ['./test/setup/fresh-storage.ts'],
    testTimeout: LONGEST_MS,
    hookTimeout: LONGEST_MS,
    expect: { poll: { timeout: LONGEST_MS } },
    api: { host: '127.0.0.1' },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: provider(engine),
      instances: [{ browser: engine.name, name: engine.name }],
    },
  },
})

export default defineConfig({
  test: {
    // Tests that drive browsers mostly wait for them: more files at a time than cores.
    maxWorkers: 3,
    api: { host: '127.0.0.1' },
    teardownTimeout: LONGEST_MS,
    browser: { connectTimeout: LONGEST_MS },
    reporters: reporters(new EngineReporter(engines)),
    // Servers of the tests refuse all the time, and say so.
    onConsoleLog: (line) => (line.startsWith('cacao-session refused ') ? false : undefined),
    projects: [node, ...engines.found.map(lane)],
  },
})
