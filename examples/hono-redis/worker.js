import cluster from 'node:cluster'
import { env } from 'node:process'
import { serve } from '@hono/node-server'
import { api } from './app.js'
import { connectToRedis } from './redis.js'

// One of the processes that server.js starts. All of them listen on the same port.
const { PORT = '3000' } = env
const app = api(`localhost:${PORT}`, await connectToRedis(), `process ${cluster.worker?.id}`)
serve({ fetch: app.fetch, port: Number(PORT), hostname: 'localhost' })
