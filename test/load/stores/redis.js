import { redisReplay } from 'cacao-session/node'
import { createClient } from 'redis'

const client = createClient({
  url: process.env.PLACE,
  socket: { reconnectStrategy: 50 },
  disableOfflineQueue: true,
})
client.on('error', () => {})
await client.connect()
export const replay = redisReplay(client)
