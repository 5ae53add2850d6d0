import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { run } from './command.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the packed package. */
    tarball: string
  }
}

/** Packs the package once for all tests, and brings the runtimes along. */
export default async function pack(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'cacao-session-packed-'))
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const runtimes = fileURLToPath(new URL('runtimes', import.meta.url))
  if (!existsSync(join(runtimes, 'node_modules')))
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: runtimes, timeout: 600_000 })
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  project.provide('tarball', join(folder, filename))
  return () => rm(folder, { recursive: true, force: true })
}
