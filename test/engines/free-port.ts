import { once } from 'node:events'
import { createServer } from 'node:net'

// Below those that systems give to whoever asks for any port: between looking and use, nothing else takes it.
const [FIRST, COUNT] = [20_000, 12_000]
const given = new Set<number>()

/** For programs that can't choose a free port themselves. Never gives the same one twice. */
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
