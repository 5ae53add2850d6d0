import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, it } from 'vitest'
import { freePort } from '../engines/free-port.js'
import { findCommand } from '../engines/lookup.js'
import { startProcess, stopProcess } from '../engines/processes.js'

/** A real redis-server, on this machine's loopback interface. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Ends it at once, as in a crash. */
  kill(): Promise<void>
  /** Starts it again on the same port, without its data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'cacao-session-redis-'))
  const port = await freePort()
  let child = await start(port, folder, options)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async kill() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
    async restart() {
      child = await start(port, folder, options)
    },
    async stop() {
      await stopProcess(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function start(port: number, folder: string, options: readonly string[]): Promise<ChildProcess> {
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const child = startProcess('redis-server', [...args, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = child.stdout as Readable
  output.setEncoding('utf8')
  let printed = ''
  const isReady = (): boolean => /ready to accept connections/i.test(printed)
  output.on('data', (part: string) => {
    printed += part
  })
  const ended = once(child, 'exit').then(() => false)
  while (!isReady()) {
    const isRunning = await Promise.race([once(output, 'data').then(() => true), ended])
    if (!isRunning) throw new Error(`redis-server did not start:\n${printed}`)
  }
  return child
}

const command = await findCommand(['redis-server'])

/** A suite that needs redis-server. Without it, the suite is reported as skipped; if engines are required, it fails. */
export function describeRedis(title: string, suite: () => void): void {
  describe(title, () => {
    if (command !== undefined) suite()
    else if (process.env['REQUIRE_ENGINES'])
      it('needs redis-server', () => Promise.reject(new Error('it is not installed')))
    else it.skip('skipped: redis-server is not installed')
  })
}
