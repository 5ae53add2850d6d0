import type { BareFolder } from './bare-folder.js'
import { run } from './command.js'

/** A place in a script, as the inspector protocol says it. */
export interface Breakpoint {
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/** Where a debugger paused, and which source map the script there names. */
interface Paused extends Breakpoint {
  readonly sourceMapURL: string
}

// A paused thread can't say that it paused, so another one of the process debugs it.
const MAIN = `import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const [, , breakpoints, script] = process.argv
const worker = new Worker(new URL('debugger.js', import.meta.url), { workerData: JSON.parse(breakpoints) })
await once(worker, 'message')
await import(script)
worker.postMessage('the end')
const [paused] = await once(worker, 'message')
console.log(JSON.stringify(paused))
await worker.terminate()
`

const DEBUGGER = `import { once } from 'node:events'
import { Session } from 'node:inspector/promises'
import { parentPort, workerData } from 'node:worker_threads'

// Waiting for it keeps this thread going; a session of the inspector doesn't.
const end = once(parentPort, 'message')
const scripts = new Map()
const paused = []
const session = new Session()
session.connectToMainThread()
session.on('Debugger.scriptParsed', ({ params: { scriptId, url, sourceMapURL } }) => {
  scripts.set(scriptId, { url, sourceMapURL })
})
session.on('Debugger.paused', ({ params: { callFrames } }) => {
  const { scriptId, lineNumber, columnNumber } = callFrames[0].location
  paused.push({ ...scripts.get(scriptId), lineNumber, columnNumber })
  session.post('Debugger.resume')
})
await session.post('Debugger.enable')
for (const breakpoint of workerData) await session.post('Debugger.setBreakpointByUrl', breakpoint)
parentPort.postMessage('ready')
await end
parentPort.postMessage(paused)
`

/** Runs a script of the folder in a Node that a debugger has set breakpoints in. */
export async function debugged(
  folder: BareFolder,
  script: string,
  breakpoints: readonly Breakpoint[],
): Promise<Paused[]> {
  await folder.write('debugger.js', DEBUGGER)
  const main = await folder.write('debugged.js', MAIN)
  const { stdout } = await run(process.execPath, [main, JSON.stringify(breakpoints), script], {
    cwd: folder.path,
  })
  return JSON.parse(stdout) as Paused[]
}
