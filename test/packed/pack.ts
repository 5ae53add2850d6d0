import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { run } from './command.js'
import { installRuntimes } from './runtimes/installed.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the packed package. */
    tarball: string
  }
}

/** Packs the package once for all tests, and installs the runtimes. */
export default async function pack(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'cacao-session-packed-'))
  const root = fileURLToPath(new URL('../..', import.meta.url))
  await installRuntimes()
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  project.provide('tarball', join(folder, filename))
  return () => rm(folder, { recursive: true, force: true })
}
