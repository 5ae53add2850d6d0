import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { freePort } from '../engines/free-port.js'
import { startProcess, stopProcess } from '../engines/processes.js'

export interface ViteServer {
  readonly url: string
  stop(): Promise<void>
}

/** Starts the folder's own Vite, for development or to preview what was built, and waits until it serves. */
export async function startVite(folder: string, command: 'dev' | 'preview'): Promise<ViteServer> {
  const port = await freePort()
  const args = [
    join(folder, 'node_modules/vite/bin/vite.js'),
    command,
    '--port',
    String(port),
    '--strictPort',
  ]
  const { NODE_ENV: _, VITEST: __, ...env } = process.env
  const child = startProcess(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  const ended = once(child, 'close').then(() => false)
  for (const stream of [child.stdout, child.stderr] as Readable[])
    stream.setEncoding('utf8').on('data', (part: string) => {
      printed += part
    })
  while (!printed.includes('Local:')) {
    const isRunning = await Promise.race([once(child.stdout as Readable, 'data').then(() => true), ended])
    if (!isRunning) throw new Error(`vite ${command} ended:\n${printed}`)
  }
  return { url: `http://localhost:${port}`, stop: () => stopProcess(child) }
}
