import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** Runs a module in its own process, where the package can be imported by its name; returns its output. */
export function runFresh(script: string, env: Record<string, string> = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ...env },
    encoding: 'utf8',
    // A process that hangs would block every test of its worker.
    timeout: 180_000,
  })
  // A server logs refusals.
  expect(stderr.replace(/^cacao-session refused .*\n/gm, '')).toBe('')
  expect(status).toBe(0)
  return stdout
}
