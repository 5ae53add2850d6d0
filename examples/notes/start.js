import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { env } from 'node:process'
import { run, wantedNumber } from '../demo/process.js'
import { print, styled, title } from '../demo/terminal.js'
import { serveNotes } from './server.js'
import { memoryStores } from './stores.js'

// One process, with everything in memory: node examples/notes/start.js
// Several processes that share a Redis: PROCESSES=3 REDIS_URL=redis://127.0.0.1:6379 node examples/notes/start.js

const { REDIS_URL, NONCE_SECRET } = env

run(async () => {
  const count = wantedNumber('PROCESSES', 1, { least: 1, most: 64 })
  if (cluster.isWorker) return (await serveHere()).close
  if (count > 1 && !REDIS_URL)
    throw new Error('Several PROCESSES need a Redis to share their data: set REDIS_URL')
  const { port, close } = count > 1 ? await serveByWorkers(count) : await serveHere()
  title(
    `Notes, kept in ${REDIS_URL ? 'Redis' : 'memory'} by ${count > 1 ? `${count} processes` : 'this process'}`,
  )
  print(`Notes: http://localhost:${port}/`)
  print(styled('dim', 'Press Ctrl+C to stop.'))
  print()
  return close
})

async function serveHere() {
  const port = wantedNumber('PORT', 4362, { least: 0, most: 65_535 })
  return serveNotes(port, await stores())
}

async function stores() {
  if (!REDIS_URL) return memoryStores()
  const { redisStores } = await import('./redis-stores.js')
  return redisStores(REDIS_URL, NONCE_SECRET ? Buffer.from(NONCE_SECRET, 'hex') : undefined)
}

/**
 * Starts several processes on one port. Each request goes to any of them.
 * @param {number} count
 */
async function serveByWorkers(count) {
  const secret = NONCE_SECRET || randomBytes(32).toString('hex')
  const workers = Array.from({ length: count }, () => cluster.fork({ NONCE_SECRET: secret }))
  const listening = Promise.all(workers.map((worker) => once(worker, 'listening')))
  const failed = once(cluster, 'exit').then(() => {
    throw new Error('A server process ended before it listened')
  })
  const [[address] = []] = await Promise.race([listening, failed])
  return {
    port: address.port,
    async close() {
      const running = workers.filter((worker) => !worker.isDead())
      for (const worker of running) worker.process.kill()
      await Promise.all(running.map((worker) => worker.isDead() || once(worker, 'exit')))
    },
  }
}
