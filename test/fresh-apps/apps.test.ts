import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { BrowserContext } from 'playwright'
import { afterAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { walletInPages } from '../../src/testing/index.js'
import { type File, filesOf, hasOwnTest, needsOthers, serversOf } from '../docs/compile.js'
import { pages, root } from '../docs/pages.js'
import { openBrowser } from '../e2e/browser.js'
import { startUntil } from '../e2e/example-process.js'
import { freePort } from '../engines/free-port.js'
import { ownEnv, run } from '../packed/command.js'
import { GUIDE_PACKAGES } from '../packed/guide-packages.js'
import { apps, type FreshApp } from './apps.js'

const FLAGS = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true }
// Keeps generators and frameworks from asking questions and from sending telemetry.
const QUIET = { CI: '1', DO_NOT_TRACK: '1', NEXT_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1' }
const WARNING = /\bwarn(?:ing)?\b/i

interface Row {
  readonly app: string
  minutes: string
  readonly errors: string[]
  readonly warnings: string[]
}

const rows: Row[] = []
const engine = inject('engines').find(({ name }) => name === 'chromium')

afterAll(() => {
  console.table(
    rows.map(({ app, minutes, errors, warnings }) => ({
      app,
      minutes,
      errors: errors.length,
      warnings: warnings.length,
    })),
  )
  for (const { app, warnings } of rows) for (const warning of warnings) console.log(`${app}: ${warning}`)
})

/** Creates the app, and installs its packages. Resolves with its folder. */
async function make(
  { generator, template, packages }: Pick<FreshApp, 'generator' | 'packages' | 'template'>,
  row: Row,
): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'cacao-session-fresh-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true, maxRetries: 5 }))
  const folder = join(parent, 'app')
  try {
    await run('npx', ['--yes', ...generator], { cwd: parent, env: QUIET })
  } catch (error) {
    if (!template || !/fetch failed|download/i.test(String(error))) throw error
    row.warnings.push(`${generator[0]} could not reach its template, which was written by this script`)
    for (const [path, text] of Object.entries(template)) await write(folder, path, text)
  }
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', install, { cwd: folder, env: QUIET })
  await run('npm', [...install, inject('tarball'), ...packages], { cwd: folder, env: QUIET })
  return folder
}

async function write(folder: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
}

/** Writes the guide's code into the app, for these ports. */
async function type(folder: string, { files, host }: FreshApp, port: number, apiPort: number): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const here = text.replaceAll(host, `localhost:${port}`).replaceAll('API_PORT', `${apiPort}`)
    await write(folder, path, here)
  }
}

/** A person signs in, calls the API, and is still signed in after a reload. */
async function use(
  context: BrowserContext,
  url: string,
  { asks, hasSignInButton }: FreshApp,
  row: Row,
): Promise<void> {
  const wallet = await walletInPages(context)
  const page = await context.newPage()
  page.on('pageerror', (error) => row.errors.push(`in the page: ${error.message}`))
  page.on('console', (message) => {
    // Not every generator creates a favicon, which browsers request.
    if (message.location().url.endsWith('/favicon.ico')) return
    if (message.type() === 'error') row.errors.push(`in the console: ${message.text()}`)
    if (message.type() === 'warning') row.warnings.push(`in the console: ${message.text()}`)
  })
  await page.goto(url)
  await page.getByRole('button', { name: 'Sign in' }).click()
  if (hasSignInButton) await page.getByRole('button', { name: 'Test wallet' }).click()
  const account = hasSignInButton ? page.getByTitle(wallet.account) : page.getByText(wallet.account)
  await account.waitFor()
  if (asks) {
    await page.getByRole('button', { name: asks.button }).click()
    await page.getByText(asks.answer(wallet.account), { exact: true }).waitFor()
  }
  await page.reload()
  await account.waitFor()
  expect(wallet.prompts).toBe(1)
}

describe('a new app', () => {
  it.each(apps)('$name', async (app) => {
    if (!engine) throw new Error('this needs a Chromium')
    const row: Row = { app: app.name, minutes: '', errors: [], warnings: [] }
    rows.push(row)
    const begun = performance.now()
    const [port, apiPort] = [await freePort(), await freePort()]
    const env = { ...QUIET, PORT: `${port}`, HOST: 'localhost' }
    const folder = await make(app, row)
    await type(folder, app, port, apiPort)
    const { stdout, stderr } = await run('npm', ['run', 'build'], { cwd: folder, env })
    row.warnings.push(...`${stdout}\n${stderr}`.split('\n').filter((line) => WARNING.test(line)))
    for (const { tsconfig, command } of app.checks) {
      const strict = join(dirname(tsconfig), 'tsconfig.strict.json')
      await write(
        folder,
        strict,
        JSON.stringify({ extends: `./${tsconfig.split('/').pop()}`, compilerOptions: FLAGS }),
      )
      const flag = command[0] === 'svelte-check' ? '--tsconfig' : '-p'
      await run('npx', [...command, flag, strict], { cwd: folder }).catch((error) =>
        row.errors.push(String(error)),
      )
    }
    const servers = [
      ...(app.hasServer
        ? [await startUntil(/^/, 'node', ['server.js'], { cwd: folder, env: { ...ownEnv(), ...env } })]
        : []),
      await startUntil(
        /Ready in|➜ +Local|Listening on/,
        'npx',
        app.start.map((arg) => arg.replace('PORT', `${port}`)),
        { cwd: folder, env: { ...ownEnv(), ...env } },
      ),
    ]
    const { context, close } = await openBrowser(engine)
    try {
      if (context) await use(context, `http://localhost:${port}`, app, row)
    } finally {
      await close()
      for (const server of servers) await server.stop()
      row.minutes = ((performance.now() - begun) / 60_000).toFixed(1)
    }
    expect(row.errors).toEqual([])
  })

  it('compiles every block of the README and the guides, with the types of all packages that they name', async () => {
    const row: Row = { app: 'every block', minutes: '', errors: [], warnings: [] }
    rows.push(row)
    const begun = performance.now()
    // Guides whose packages take minutes to install have packed tests, and components are in the apps above.
    const files = pages
      .flatMap(filesOf)
      .filter((file) => !hasOwnTest(file) && !/from '\.[^']*\.(?:vue|svelte)'/.test(file.text))
    const servers = serversOf(files)
    const own = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).devDependencies as Record<
      string,
      string
    >
    const named = files.flatMap(({ text }) =>
      Array.from(text.matchAll(/from '((?:@[\w-]+\/)?[\w-]+)/g), ([, name = '']) => name),
    )
    const packages = [...new Set(named)]
      .filter((name) => Object.hasOwn(own, name))
      .map((name) => `${name}@${own[name]}`)
    const generator = ['create-vite@9.3.0', 'app', '--template', 'react-ts', '--no-interactive']
    const types = ['@types/pg', '@types/node', '@types/express'].map((name) => `${name}@${own[name]}`)
    const others = [...GUIDE_PACKAGES, '@playwright/test@1.65.1', 'did-jwt@7.4.7', 'ioredis@6.0.0']
    const folder = await make({ generator, packages: [...new Set([...packages, ...types, ...others])] }, row)
    const isOfServer = (file: File): boolean =>
      servers.has(file) || needsOthers(file) || /clients\.md|\.md\/(nest|trpc|graphql)\//.test(file.path)
    for (const file of files)
      await write(folder, `${isOfServer(file) ? 'server' : 'src'}/guides/${file.path}`, file.text)
    const flags = { ...FLAGS, experimentalDecorators: true }
    await write(
      folder,
      'tsconfig.strict.json',
      JSON.stringify({ extends: './tsconfig.app.json', compilerOptions: flags, include: ['src/guides'] }),
    )
    await write(
      folder,
      'tsconfig.server.json',
      JSON.stringify({
        extends: './tsconfig.app.json',
        compilerOptions: { ...flags, types: ['node'] },
        include: ['server'],
      }),
    )
    for (const config of ['tsconfig.strict.json', 'tsconfig.server.json'])
      await run('npx', ['tsc', '-p', config], { cwd: folder }).catch((error) =>
        row.errors.push(String(error)),
      )
    row.minutes = ((performance.now() - begun) / 60_000).toFixed(1)
    expect(row.errors).toEqual([])
  })
})
