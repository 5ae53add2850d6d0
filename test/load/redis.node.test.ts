import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { type Servers, startServers } from './servers.js'
import { expectEachOnce, expectRefusedWhileDown, type SignRequests, signingSessions } from './traffic.js'

const SERVERS = 3
const REQUESTS = 10_000

describeRedis('three servers on one Redis', () => {
  let redis: RedisServer
  let servers: Servers
  let signed: SignRequests
  beforeAll(async () => {
    redis = await startRedis()
    servers = await startServers(SERVERS, { name: 'redis', place: redis.url })
    signed = await signingSessions()
  })
  afterAll(async () => {
    await servers.stop()
    await redis.stop()
  })

  it(`accept each of ${REQUESTS} requests once, although each is sent to two of them at the same time`, async () => {
    await expectEachOnce(servers, signed, REQUESTS)
  })

  it('refuse everything while Redis is down, and accept requests again afterwards', async () => {
    await expectRefusedWhileDown(servers, signed, {
      down: () => redis.kill(),
      up: () => redis.restart(),
      refusals: 300,
    })
    expect(servers.alive()).toBe(SERVERS)
  })
})
