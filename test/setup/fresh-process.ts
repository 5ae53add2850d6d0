import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** Runs a module in a process of its own, where the package is imported by its name; gives what it printed. */
export function runFresh(script: string, env: Record<string, string> = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ...env },
    encoding: 'utf8',
    // One that hangs would hold up every test of its worker.
    timeout: 180_000,
  })
  // A server says whom it refuses.
  expect(stderr.replace(/^cacao-session refused .*\n/gm, '')).toBe('')
  expect(status).toBe(0)
  return stdout
}
