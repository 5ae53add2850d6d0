import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The version that the executable prints. Throws if it can't be started. */
export async function versionOf(
  executable: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await run(executable, ['--version'], {
    env: { ...process.env, ...env },
    timeout: 180_000,
  })
  return /\d+(?:\.\w+)+/.exec(stdout)?.[0] ?? stdout.trim()
}
