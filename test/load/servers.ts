import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('server.js', import.meta.url))

export interface Servers {
  /** The number of the original processes that are still running. */
  alive(): number
  /** Sends a request to one of them, and returns the status and the code or the body. */
  send(server: number, request: Request): Promise<{ status: number; text: string }>
  stop(): Promise<void>
}

/** The store in which the servers remember used requests. */
export interface SharedStore {
  /** A file of the folder `stores`. */
  readonly name: 'redis' | 'postgres' | 'sqlite'
  /** The address of the store, which that file reads. */
  readonly place: string
  /** The Node executable that they run with; this one by default. */
  readonly program?: string
}

/** Server processes on one store, each on its own port. */
export async function startServers(count: number, store: SharedStore): Promise<Servers> {
  const { name, place, program = process.execPath } = store
  const processes = Array.from({ length: count }, (_, i) =>
    fork(script, [], {
      execPath: program,
      env: { ...process.env, STORE: name, PLACE: place, SERVER: String(i) },
    }),
  )
  const ports = await Promise.all(processes.map(portOf))
  return {
    alive: () =>
      processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).length,
    async send(server, request) {
      const { pathname, search } = new URL(request.url)
      const response = await fetch(`http://127.0.0.1:${ports[server % count]}${pathname}${search}`, {
        method: request.method,
        headers: request.headers,
        ...(request.method === 'POST' && { body: await request.clone().arrayBuffer() }),
      })
      return { status: response.status, text: await response.text() }
    },
    async stop() {
      const exits = processes.map((child) => once(child, 'exit'))
      for (const child of processes) child.kill()
      await Promise.all(exits)
    },
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  const [port] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('a server ended before it listened (is dist built?)')
    }),
  ])) as [number]
  return port
}
