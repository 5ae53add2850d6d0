import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('server.js', import.meta.url))

export interface Servers {
  /** How many are still the processes that were started. */
  alive(): number
  /** Sends a request to one of them, and gives the status and the code or the body. */
  send(server: number, request: Request): Promise<{ status: number; text: string }>
  stop(): Promise<void>
}

/** Server processes on one Redis, each on a port of its own. */
export async function startServers(count: number, redisURL: string): Promise<Servers> {
  const processes = Array.from({ length: count }, () =>
    fork(script, [], { env: { ...process.env, REDIS_URL: redisURL } }),
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
