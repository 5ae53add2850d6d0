import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ports that systems assign automatically, so that nothing else takes the port before it is used.
const [FIRST, COUNT] = [20_000, 12_000]
const given = new Set<number>()

/** A free port, for programs that can't choose one themselves. Never returns the same one twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
