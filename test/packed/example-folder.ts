import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { run } from './command.js'

/** A copy of an example in its own folder, with the packed package installed. */
export interface ExampleFolder {
  readonly path: string
  remove(): Promise<void>
}

/** Creates one as a user would: copies the folder, and runs `npm install`. */
export async function exampleFolder(name: string): Promise<ExampleFolder> {
  const path = await mkdtemp(join(tmpdir(), `cacao-session-${name}-`))
  const source = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const isOwn = (file: string): boolean => !['node_modules', 'dist'].includes(basename(file))
  await cp(source, path, { recursive: true, filter: isOwn })
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', inject('tarball')], {
    cwd: path,
  })
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) }
}
