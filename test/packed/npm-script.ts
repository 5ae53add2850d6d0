import { type ExampleProcess, startUntil } from '../e2e/example-process.js'
import { ownEnv, run } from './command.js'
import type { ExampleFolder } from './example-folder.js'

type Env = Readonly<Record<string, string>>

/** Runs a script of the example's package.json to its end, and returns the lines that it printed. */
export async function npmRun({ path }: ExampleFolder, script: string, env: Env): Promise<string[]> {
  const { stdout } = await run('npm', ['run', '--silent', script], { cwd: path, env })
  return stdout.trim().split('\n')
}

/** Starts a script of the example's package.json, and waits for the output that shows that it is ready. */
export function npmStart(
  { path }: ExampleFolder,
  script: string,
  ready: RegExp,
  env: Env,
): Promise<ExampleProcess> {
  return startUntil(ready, 'npm', ['run', '--silent', script], { cwd: path, env: { ...ownEnv(), ...env } })
}
