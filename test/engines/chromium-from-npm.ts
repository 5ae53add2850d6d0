import { execFile } from 'node:child_process'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ChromiumEngine } from './engine.js'
import { versionOf } from './version.js'

const run = promisify(execFile)
const name = '@sparticuz/chromium'
const version = '153.0.0'
const cache = fileURLToPath(new URL('../../node_modules/.cache/chromium-from-npm', import.meta.url))
const folder = join(cache, version)

/**
 * Unpacks in a separate process, because the package changes its process's environment on import. The first variable makes it
 * unpack the libraries that the browser needs, the second keeps all of it out of the shared /tmp.
 */
const unpack = `import chromium from '${name}'
const executable = await chromium.executablePath()
console.log(JSON.stringify({ executable, libraries: process.env.LD_LIBRARY_PATH ?? '' }))`
const unpackEnv = { AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x', TMPDIR: folder }

async function install(): Promise<void> {
  const installed = await stat(join(folder, 'node_modules', name)).catch(() => undefined)
  if (installed) return
  await mkdir(folder, { recursive: true })
  const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--fetch-retries=1']
  await run('npm', ['install', ...quiet, '--prefix', folder, `${name}@${version}`], { timeout: 600_000 })
}

/**
 * A Chromium from an npm package, for machines without one. It has 75 MB, which is too much for devDependencies, so it's
 * installed when it is first needed.
 */
export async function chromiumFromNpm(): Promise<ChromiumEngine> {
  await install()
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', unpack], {
    cwd: folder,
    env: { ...process.env, ...unpackEnv },
    timeout: 300_000,
  })
  const { executable, libraries } = JSON.parse(stdout) as { executable: string; libraries: string }
  const env = { LD_LIBRARY_PATH: libraries }
  return { name: 'chromium', executable, env, version: `${await versionOf(executable, env)} (npm)` }
}
