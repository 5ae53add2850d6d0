import { env } from 'node:process'
import { createClient } from 'redis'

const url = env.REDIS_URL || 'redis://127.0.0.1:6379'

/** A client that reconnects by itself. It has no queue, so requests are refused at once while Redis can't be reached. */
export async function connectToRedis() {
  const client = createClient({ url, disableOfflineQueue: true })
  client.on('error', (error) => console.error(`Redis: ${error.message || error.code}`))
  return client.connect()
}

/** Checks once that Redis can be reached, because the client above would wait for it. */
export async function findRedis() {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined) // connect() rejects with it, too
  try {
    await client.connect()
    await client.close()
  } catch {
    throw new Error(`There is no Redis at ${url}: start redis-server, or set REDIS_URL`)
  }
}
