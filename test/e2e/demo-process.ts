import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { startProcess, stopProcess } from '../engines/processes.js'

export interface DemoProcess {
  /** Where the page is, with a slash at the end. */
  readonly url: string
  /** What was printed before the page's address: the tour. */
  readonly tour: string
  /** What it has complained of so far. */
  complaints(): string
  /** Presses Ctrl+C and gives the exit code. */
  interrupt(): Promise<number | null>
  stop(): Promise<void>
}

const script = fileURLToPath(new URL('../../examples/demo/start.js', import.meta.url))
const pageLine = /^ {2}Page: (\S+)\n/m

function collect(stream: Readable): { text: string } {
  const collected = { text: '' }
  stream.setEncoding('utf8').on('data', (part: string) => {
    collected.text += part
  })
  return collected
}

async function untilPage(child: ChildProcess, stdout: Readable, printed: { text: string }): Promise<void> {
  const ended = once(child, 'close').then(() => false)
  while (!pageLine.test(printed.text)) {
    const isRunning = await Promise.race([once(stdout, 'data').then(() => true), ended])
    if (!isRunning) throw new Error('the demo ended before it showed its page (is dist built?)')
  }
}

/** Starts what `npm start` starts after the build, on a free port. */
export async function startDemo(): Promise<DemoProcess> {
  const child = startProcess(process.execPath, [script], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = [child.stdout as Readable, child.stderr as Readable]
  const [printed, complained] = [collect(stdout), collect(stderr)]
  try {
    await untilPage(child, stdout, printed)
  } catch (cause) {
    await stopProcess(child)
    throw new Error(`${String(cause)}\n${complained.text}`, { cause })
  }
  const [tour = '', url = ''] = printed.text.split(pageLine)
  return {
    url,
    tour,
    complaints: () => complained.text,
    async interrupt(): Promise<number | null> {
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      await exited
      await stopProcess(child)
      return child.exitCode
    },
    stop: () => stopProcess(child),
  }
}
