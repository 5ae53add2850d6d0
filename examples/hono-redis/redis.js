import { env } from 'node:process'
import { createClient } from 'redis'

const url = env.REDIS_URL || 'redis://127.0.0.1:6379'

/** A client that connects again by itself. Without a queue of its own, requests are refused at once while Redis is away. */
export async function connectToRedis() {
  const client = createClient({ url, disableOfflineQueue: true })
  client.on('error', (error) => console.error(`Redis: ${error.message || error.code}`))
  return client.connect()
}

/** Looks once whether there is one, because that client would wait for it. */
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
