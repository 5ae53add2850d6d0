import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { describe, it } from 'vitest'
import { freePort } from '../engines/free-port.js'
import { startProcess, stopProcess, untilPrinted } from '../engines/processes.js'

const run = promisify(execFile)

/** A real Postgres on this machine's loopback interface, with its own folder. */
export interface PostgresServer {
  readonly url: string
  /** Ends it at once, as in a crash: committed data is still there when it is started again. */
  kill(): Promise<void>
  /** Starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  const user = await serverUser()
  const folder = await mkdtemp(join(tmpdir(), 'cacao-session-postgres-'))
  if (user) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  await run(join(programs ?? '', 'initdb'), args, { cwd: folder, ...user })
  const port = await freePort()
  let child = await start(port, folder, user)
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async kill() {
      const exited = once(child, 'exit')
      // An immediate shutdown. After SIGKILL, the processes of its connections would outlive it for a while.
      child.kill('SIGQUIT')
      await exited
    },
    async restart() {
      child = await start(port, folder, user)
    },
    async stop() {
      child.kill('SIGINT')
      await stopProcess(child)
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** Postgres refuses to run as root, so then it runs as the user of Debian's package. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  )
  return { uid: uid ?? Number.NaN, gid: gid ?? Number.NaN }
}

async function start(port: number, folder: string, user: User | undefined): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'logging_collector=off',
  ]
  const args = ['-D', join(folder, 'data'), '-p', String(port), ...settings.flatMap((each) => ['-c', each])]
  const child = startProcess(join(programs ?? '', 'postgres'), args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  })
  await untilPrinted(child, child.stderr, /ready to accept connections/)
  return child
}

/** The folder with the newest server's programs, which Debian does not put into PATH. */
async function findPrograms(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  const [newest] = versions.sort((a, b) => Number(b) - Number(a))
  return newest === undefined ? undefined : join(root, newest, 'bin')
}

const programs = await findPrograms()

/** A suite that needs Postgres. Without it, the suite is reported as skipped; if engines are required, it fails. */
export function describePostgres(title: string, suite: () => void): void {
  describe(title, () => {
    if (programs !== undefined) suite()
    else if (process.env['REQUIRE_ENGINES'])
      it('needs postgres', () => Promise.reject(new Error('it is not installed')))
    else it.skip('skipped: postgres is not installed')
  })
}

/** A pool of `pg`. Its connections may end with the server, a moment after the pool has let go of them. */
export function poolOf(settings: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(settings)
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
