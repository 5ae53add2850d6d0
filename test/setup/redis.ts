import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { freePort } from '../engines/free-port.js'
import { findCommand } from '../engines/lookup.js'
import { startProcess, stopProcess, untilPrinted } from '../engines/processes.js'

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
  await untilPrinted(child, child.stdout, /ready to accept connections/i)
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
