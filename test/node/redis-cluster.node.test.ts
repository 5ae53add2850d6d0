import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisReplay, redisRevocation } from '../../src/server/redis-stores.js'
import { signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { describeRedis } from '../setup/redis.js'
import { type RedisCluster, startRedisCluster } from '../setup/redis-cluster.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

const byNodeRedis = async (ports: readonly number[]) => {
  const client = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) })
  await client.connect()
  return { client, close: () => client.destroy() }
}
const byIORedis = async (ports: readonly number[]) => {
  const client = new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })))
  return { client, close: () => client.disconnect() }
}

describeRedis('a cluster of three redis-servers', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  }, 30_000)
  afterAll(() => cluster?.stop())

  it.each([
    ['redis', byNodeRedis],
    ['ioredis', byIORedis],
  ])('works with %s, on whichever node a key lies', async (name, connect) => {
    const { client, close } = await connect(cluster.ports)
    try {
      const { use } = redisReplay(client, { prefix: `${name}:` })
      const used = await Promise.all(
        Array.from({ length: 200 }, (_, i) => use(`id ${i % 100}`, Date.now() + 60_000)),
      )
      expect(used.filter(Boolean)).toHaveLength(100)

      const revocation = redisRevocation(client, { prefix: `${name}:` })
      const [one, other] = [signed(), signed({ iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)]
      await revocation.revoke(one)
      expect([await revocation.isRevoked(one), await revocation.isRevoked(other)]).toEqual([true, false])
      await revocation.revokeAll(ACCOUNT_B)
      expect(await revocation.isRevoked(other)).toBe(true)
      expect(await revocation.isRevoked(signed({ nonce: 'another123' }))).toBe(false)
      await revocation.revokeAll(ACCOUNT_A)
      expect(await revocation.isRevoked(signed({ nonce: 'another123' }))).toBe(true)
    } finally {
      close()
    }
  })

  it.each([
    ['redis', byNodeRedis],
    ['ioredis', byIORedis],
  ])('is refused with %s if one of its nodes evicts keys', async (name, connect) => {
    const port = cluster.ports[1] ?? 0
    const admin = new Redis(port)
    const { client, close } = await connect(cluster.ports)
    try {
      await admin.config('SET', 'maxmemory', '100mb')
      expect(await redisReplay(client).use(`before ${name}`, Date.now() + 60_000)).toBe(true)
      await admin.config('SET', 'maxmemory-policy', 'volatile-ttl')
      const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () =>
        redisRevocation(client).isRevoked(signed()),
      )
      expect(message).toContain('volatile-ttl')
    } finally {
      await admin.config('SET', 'maxmemory-policy', 'noeviction')
      admin.disconnect()
      close()
    }
  })
})
