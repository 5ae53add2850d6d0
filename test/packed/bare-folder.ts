import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inject } from 'vitest'
import { run } from './command.js'

/** A folder with a package.json, in which only the packed package and its dependencies are installed. */
export interface BareFolder {
  readonly path: string
  /** Writes a file, and returns its path. */
  write(name: string, text: string | Uint8Array): Promise<string>
  remove(): Promise<void>
}

/** Creates one as a user would: `npm init`, `npm install cacao-session` and the given packages. */
export function bareFolder(...packages: readonly string[]): Promise<BareFolder> {
  return folderWith(inject('tarball'), ...packages)
}

/** The same with the given packages only. */
export function folderWith(...packages: readonly string[]): Promise<BareFolder> {
  return installed({}, packages)
}

/** A bare folder in which packages that others need are replaced or removed with npm's `overrides`. */
export function folderWithout(
  packages: Readonly<Record<string, string>>,
  overrides: object,
): Promise<BareFolder> {
  const dependencies = { ...packages, 'cacao-session': `file:${inject('tarball')}` }
  return installed({ dependencies, overrides }, ['--ignore-scripts', '--no-audit', '--no-fund'])
}

async function installed(manifest: object, args: readonly string[]): Promise<BareFolder> {
  const path = await mkdtemp(join(tmpdir(), 'cacao-session-bare-'))
  const write = async (name: string, text: string | Uint8Array): Promise<string> => {
    const file = join(path, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    return file
  }
  await write('package.json', JSON.stringify({ name: 'bare', private: true, type: 'module', ...manifest }))
  await run('npm', ['install', '--prefer-offline', ...args], { cwd: path })
  // A server of the test may still be closing its files.
  return {
    path,
    write,
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  }
}
