import type { Outcome } from '../../conformance/conformance.js'
import { run } from '../command.js'
import { bundleRunners, type Suite } from './bundle-runner.js'
import { installed, installedNode } from './installed.js'

const commands = {
  node20: [installedNode(20)],
  node22: [installedNode(22)],
  node24: [installedNode(24)],
  // No permissions are given: the suite needs no files, no network and no environment.
  deno: [installed('.bin/deno'), 'run', '--no-prompt', '--node-modules-dir=manual'],
  bun: [installed('.bin/bun')],
} as const

export type ProcessName = keyof typeof commands

/** Runs the suite as a script of that runtime, which imports the installed package. */
export async function runInProcess(name: ProcessName, suite: Suite): Promise<Outcome[]> {
  const [program, ...args] = commands[name]
  const files = await bundleRunners({ [name]: 'process.ts' }, suite, {
    plugins: [],
    external: ['cacao-session', 'cacao-session/*'],
  })
  const script = await suite.folder.write(`${name}.js`, files.get(`/${name}.js`) ?? '')
  const { stdout } = await run(program, [...args, script], { cwd: suite.folder.path })
  return JSON.parse(stdout) as Outcome[]
}
