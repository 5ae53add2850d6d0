import cluster from 'node:cluster'
import { once } from 'node:events'
import { env, exit } from 'node:process'
import { fileURLToPath } from 'node:url'
import { findRedis } from './redis.js'

const { PORT = '3000', PROCESSES = '3' } = env

try {
  await findRedis()
} catch (error) {
  console.error(error.message)
  exit(1)
}

// Connections go to each of the processes in turn.
cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)) })
const workers = Array.from({ length: Number(PROCESSES) }, () => cluster.fork())
cluster.on('exit', onExit)
await Promise.all(workers.map((worker) => once(worker, 'listening')))
console.log(`API: http://localhost:${PORT}/, by ${workers.length} processes`)

export async function stop() {
  cluster.off('exit', onExit)
  const ended = Promise.all(workers.map((worker) => once(worker, 'exit')))
  for (const worker of workers) worker.kill()
  await ended
}

/** @param {import('node:cluster').Worker} worker */
function onExit(worker) {
  console.error(`Process ${worker.id} ended by itself`)
  exit(1)
}
