import { fileURLToPath } from 'node:url'
import type { Outcome } from '../../conformance/conformance.js'
import { run } from '../command.js'
import { bundleRunners, type Suite } from './bundle-runner.js'

const installed = (path: string): string => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

const commands = {
  node20: [installed('node20/bin/node')],
  node22: [installed('node22/bin/node')],
  node24: [installed('node24/bin/node')],
  // Nothing is allowed: the suite needs no files, no network and no environment.
  deno: [installed('.bin/deno'), 'run', '--no-prompt', '--node-modules-dir=manual'],
  bun: [installed('.bin/bun')],
} as const

/** The program of a version of Node. */
export const installedNode = (name: 'node22' | 'node24'): string => commands[name][0]

export type ProcessName = keyof typeof commands

/** Runs the suite as a script of that runtime, which imports the package by itself. */
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
