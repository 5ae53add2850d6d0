import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { startProcess, stopProcess } from './processes.js'

export interface Display {
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

async function displayNumber(xvfb: ChildProcess): Promise<string> {
  const pipe = xvfb.stdio[3] as Readable
  const failure = once(xvfb, 'exit').then(() => {
    throw new Error('Xvfb ended before it opened a display')
  })
  // Xvfb writes the number of the free display it found once it accepts clients.
  const [data] = await Promise.race([once(pipe, 'data'), failure])
  failure.catch(() => {})
  return String(data).trim()
}

/** A screen in memory: WebKitGTK has no headless mode. */
export async function startDisplay(xvfb: string): Promise<Display> {
  const child = startProcess(xvfb, ['-displayfd', '3', '-screen', '0', '1600x1400x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  return {
    env: { DISPLAY: `:${await displayNumber(child)}` },
    stop: () => stopProcess(child),
  }
}
