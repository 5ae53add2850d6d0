import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it, onTestFinished } from 'vitest'
import { example, guide, root } from '../docs/pages.js'
import { freePort } from '../engines/free-port.js'
import { launchOptions } from '../engines/launch-options.js'
import { run } from '../packed/command.js'
import { describeEngines } from './engines.js'

// The server of the start guide, which also serves the page here, as Vite does there.
const SERVE = (port: number): string => `
import { serveStatic } from '@hono/node-server/serve-static'
app.get('/', (c) => c.html('<!doctype html><title>Hello</title><body><script type="module" src="/page.js"></script>'))
app.use(serveStatic({ root: './site' }))
serve({ fetch: app.fetch, port: ${port}, hostname: 'localhost' })`

describeEngines(
  'the guide to Playwright',
  (engine) => {
    it('has tests that Playwright’s runner passes, and that fail when they should', async () => {
      if (engine.name !== 'chromium') return
      // Within the project, where its package name resolves to the build.
      const folder = join(root, 'build', `playwright-${process.pid}`)
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      await mkdir(folder, { recursive: true })
      const port = await freePort()
      const write = (name: string, text: string): Promise<void> =>
        writeFile(join(folder, name), text.replaceAll('localhost:5173', `localhost:${port}`))
      await write('page.js', guide('start', 'page'))
      await write('server.js', guide('start', 'server').replace(/^serve\(.*$/m, '') + SERVE(port))
      await build({
        entryPoints: [join(folder, 'page.js')],
        outdir: join(folder, 'site'),
        bundle: true,
        format: 'esm',
        splitting: true,
        target: 'es2022',
        logLevel: 'error',
      })
      const settings = {
        workers: 1,
        reporter: 'line',
        outputDir: 'results',
        use: { baseURL: `http://localhost:${port}`, launchOptions: { ...launchOptions(engine), env: {} } },
        webServer: { command: 'node server.js', url: `http://localhost:${port}` },
      }
      await write('playwright.config.js', `export default ${JSON.stringify(settings)}`)
      // It is the same as this package, which is installed.
      const own = (code: string): string => code.replace('@playwright/test', 'playwright/test')
      await write('fixtures.ts', own(guide('playwright', 'fixtures')))
      const tests = own(example('docs/guides/playwright.md', 'sign-in.spec'))
      await write('sign-in.spec.ts', tests)
      const cli = join(root, 'node_modules/playwright/cli.js')
      const runTests = (...args: string[]) => run(process.execPath, [cli, 'test', ...args], { cwd: folder })
      expect((await runTests()).stdout).toContain('4 passed')

      expect(tests).toContain('expect(wallet.prompts).toBe(1)')
      await write(
        'sign-in.spec.ts',
        tests.replace('expect(wallet.prompts).toBe(1)', 'expect(wallet.prompts).toBe(2)'),
      )
      await expect(runTests('--grep', 'signs in once')).rejects.toThrow('1 failed')
    })
  },
  ['chromium'],
)
