import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { freePort } from '../engines/free-port.js'
import { startRedis } from './redis.js'

const cli = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('redis-cli', args)).stdout

export interface RedisCluster {
  readonly ports: readonly number[]
  stop(): Promise<void>
}

/** A cluster of three redis-servers, once all of them have joined. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const started = await Promise.allSettled(
    [1, 2, 3].map(async () => {
      const busPort = await freePort()
      const node = await startRedis(['--cluster-enabled', 'yes', '--cluster-port', String(busPort)])
      return { ...node, busPort }
    }),
  )
  const nodes = started.flatMap((node) => (node.status === 'fulfilled' ? node.value : []))
  const failure = started.find((node) => node.status === 'rejected')
  if (failure) {
    await Promise.all(nodes.map((node) => node.stop()))
    throw failure.reason
  }
  const ports = nodes.map(({ port }) => port)
  const addresses = nodes.map(({ port, busPort }) => `127.0.0.1:${port}@${busPort}`)
  await cli('--cluster', 'create', ...addresses, '--cluster-yes')
  for (const port of ports) {
    while (!(await cli('-p', String(port), 'CLUSTER', 'INFO')).includes('cluster_state:ok'));
  }
  return { ports, stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))) }
}
