import type { BareFolder } from './bare-folder.js'
import { run } from './command.js'

/** A position in a script, as in the inspector protocol. */
export interface Breakpoint {
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/** The position where a debugger paused, and the URL of the script's source map. */
interface Paused extends Breakpoint {
  readonly sourceMapURL: string
}

// A paused thread can't report its pause, so another thread of the process debugs it.
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

/** Runs a script of the folder in a Node with breakpoints set. */
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
