import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from '../command.js'

/** The path of something in the folder of the runtimes. */
export const installed = (path: string): string =>
  fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

/** The program of a version of Node. */
export const installedNode = (version: 20 | 22 | 24): string => installed(`node${version}/bin/node`)

/** Brings the runtimes along, unless they are there. */
export async function installRuntimes(): Promise<void> {
  if (existsSync(installed(''))) return
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd, timeout: 600_000 })
}
