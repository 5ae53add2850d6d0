import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from '../command.js'

/** The path of a file in the folder of the runtimes. */
export const installed = (path: string): string =>
  fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

/** The executable of a version of Node. */
export const installedNode = (version: 20 | 22 | 24): string => installed(`node${version}/bin/node`)

/** Installs the runtimes, unless they are installed. */
export async function installRuntimes(): Promise<void> {
  if (existsSync(installed(''))) return
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd, timeout: 600_000 })
}
