import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import type { IORedisClient, NodeRedisClient } from '../../src/server/redis-client.js'
import { redisDevices } from '../../src/server/redis-devices.js'
import { redisReplay, redisRevocation } from '../../src/server/redis-stores.js'
import { guide } from '../docs/pages.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { runFresh } from '../setup/fresh-process.js'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { accepting, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

type Client = NodeRedisClient & { sendCommand(args: string[]): Promise<unknown> }
interface Connection {
  readonly client: NodeRedisClient | IORedisClient
  readonly ask: (...command: string[]) => Promise<unknown>
  close(): void
}
const byNodeRedis = async (url: string): Promise<Connection> => {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } })
  client.on('error', () => undefined)
  await client.connect()
  const ask = (...command: string[]): Promise<unknown> => (client as unknown as Client).sendCommand(command)
  return { client: client as unknown as NodeRedisClient, ask, close: () => client.destroy() }
}
const byIORedis = async (url: string): Promise<Connection> => {
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  const ask = (...[name = '', ...args]: string[]): Promise<unknown> => client.call(name, ...args)
  return { client, ask, close: () => client.disconnect() }
}

describeRedis('redis-server', () => {
  let server: RedisServer
  let signer: TestSigner
  beforeAll(async () => {
    server = await startRedis()
    signer = await testSigner()
  })
  afterAll(() => server.stop())

  describe.each([
    ['redis', byNodeRedis],
    ['ioredis', byIORedis],
  ] as const)('with %s', (_, connect) => {
    let connection: Connection
    beforeAll(async () => {
      connection = await connect(server.url)
    })
    beforeEach(() => connection.ask('FLUSHALL'))
    afterAll(() => connection.close())

    it('remembers a used request until some time after its expiry', async () => {
      const { use } = redisReplay(connection.client)
      const expiresAt = Date.now() + 60_000
      expect(await use('a', expiresAt)).toBe(true)
      expect(await use('a', expiresAt)).toBe(false)
      expect(await use('b', expiresAt)).toBe(true)
      const left = Number(await connection.ask('PTTL', 'cacao-session:used:a'))
      expect(left).toBeGreaterThan(60_000)
      expect(left).toBeLessThanOrEqual(120_000)
    })

    it('accepts one of many simultaneous uses', async () => {
      const { use } = redisReplay(connection.client, { prefix: 'app:' })
      const answers = await Promise.all(Array.from({ length: 50 }, () => use('a', Date.now() + 60_000)))
      expect(answers.filter(Boolean)).toHaveLength(1)
      expect(await connection.ask('KEYS', '*')).toEqual(['app:a'])
    })

    it('throws a TypeError for an expiry that is no finite number', async () => {
      const { use } = redisReplay(connection.client)
      for (const end of [Number.NaN, Number.POSITIVE_INFINITY])
        expect(await failureOf(() => use('a', end))).toBeInstanceOf(TypeError)
    })

    it('stores a revoked capability until it would have expired', async () => {
      const revocation = redisRevocation(connection.client)
      const began = Date.now()
      const [brief, endless] = [
        signed({ iat: new Date(began).toISOString(), exp: new Date(began + 60_000).toISOString() }),
        signed({ exp: undefined }),
      ]
      for (const cacao of [brief, endless]) {
        expect(await revocation.isRevoked(cacao)).toBe(false)
        await revocation.revoke(cacao)
        await revocation.revoke(cacao)
        expect(await revocation.isRevoked(cacao)).toBe(true)
      }
      expect(await revocation.isRevoked(signed())).toBe(false)
      const keys = (await connection.ask('KEYS', '*')) as string[]
      const lives = await Promise.all(keys.map(async (key) => Number(await connection.ask('PTTL', key))))
      const [endlessly, briefly = 0] = lives.sort((a, b) => a - b)
      expect(endlessly).toBe(-1)
      expect(briefly).toBeLessThanOrEqual(86_460_000 + 1)
      expect(briefly).toBeGreaterThanOrEqual(86_460_000 - (Date.now() - began) - 1)
    })

    it('stores a revoked capability for long enough by a server whose clock is ahead by days', async () => {
      const began = Date.now()
      const days = (count: number): string => new Date(began + count * 86_400_000).toISOString()
      const ahead = redisRevocation(connection.client, { now: () => Date.parse(days(4)) })
      for (const [iat, exp] of [
        [days(0), days(7)],
        [days(-3), days(7)],
        [days(-7), days(3)],
      ]) {
        await connection.ask('FLUSHALL')
        await ahead.revoke(signed({ iat, exp }))
        const [key = ''] = (await connection.ask('KEYS', '*')) as string[]
        const left = Number(await connection.ask('PTTL', key))
        expect(left).toBeGreaterThan(Date.parse(exp ?? '') - began)
        expect(left).toBeLessThanOrEqual(Date.parse(exp ?? '') - Date.parse(iat ?? '') + 86_400_000)
      }
    })

    it('keeps the devices of an account until its last session has expired', async () => {
      const now = Date.now()
      const { seen, list, remove } = redisDevices(connection.client, { maxPerAccount: 2, now: () => now })
      const device = { account: 'a', keyDID: 'k', capability: '{}', firstSeen: now, lastSeen: now }
      const life = async (): Promise<number> =>
        Number(await connection.ask('PTTL', 'cacao-session:devices:a'))
      const expectLife = async (ms: number): Promise<void> => {
        const left = await life()
        expect(left).toBeLessThanOrEqual(ms)
        expect(left).toBeGreaterThanOrEqual(ms - (Date.now() - now) - 1)
      }
      await seen({ ...device, id: 'brief', expiresAt: now + 60_000 })
      await expectLife(120_000)
      await seen({ ...device, id: 'endless', expiresAt: Number.POSITIVE_INFINITY })
      expect(await life()).toBe(-1)
      await remove('a', 'endless')
      expect((await list('a')).map(({ id }) => id)).toEqual(['brief'])
      await expectLife(120_000)
      await seen({ ...device, id: 'long', expiresAt: now + 600_000 })
      await expectLife(660_000)
      await remove('a', 'long')
      await expectLife(120_000)
      await remove('a', 'brief')
      expect(await life()).toBe(-2)
    })

    it('keeps the devices that were seen last, and none that have expired', async () => {
      let time = Date.now()
      const { seen, list } = redisDevices(connection.client, { maxPerAccount: 2, now: () => time })
      const see = (id: string, lastSeen: number, lifeMs: number): void | Promise<void> =>
        seen({
          ...{ account: 'a', keyDID: 'k', capability: '{}', firstSeen: time },
          ...{ id, lastSeen: time + lastSeen, expiresAt: time + lifeMs },
        })
      const stored = async (): Promise<unknown> =>
        ((await connection.ask('HKEYS', 'cacao-session:devices:a')) as string[]).sort()
      for (const [id, lastSeen] of [
        ['second', 2],
        ['last', 3],
        ['first', 1],
      ] as const)
        await see(id, lastSeen, 1000)
      expect(await stored()).toEqual(['last', 'second'])
      time += 1000
      expect(await list('a')).toEqual([])
      await see('new', 0, 1000)
      expect(await stored()).toEqual(['new'])
    })

    it('revokes all sessions of an account, and never undoes that', async () => {
      const revocation = redisRevocation(connection.client, { now: () => Date.parse('2026-01-31T12:00:00Z') })
      await revocation.revokeAll(ACCOUNT_A)
      await revocation.revokeAll(ACCOUNT_A, new Date(0))
      expect(await revocation.isRevoked(signed({ iat: '2026-01-31T12:00:00Z' }))).toBe(true)
      expect(await revocation.isRevoked(signed({ iat: '2026-01-31T12:00:00.001Z' }))).toBe(false)
      expect(await revocation.isRevoked(signed({ iss: `did:pkh:${ACCOUNT_B}` }, KEY_B))).toBe(false)
    })

    it('with another type of value under a key makes calls reject', async () => {
      const cacao = signed()
      await connection.ask('SET', `cacao-session:revoked:account:${ACCOUNT_A}`, 'a text')
      await expectCode('ERR_STORE_UNAVAILABLE', () => redisRevocation(connection.client).isRevoked(cacao))
    })

    it('that is down refuses every request, and accepts them again once it is back', async () => {
      const { client } = connection
      const replay = redisReplay(client, { now: accepting.now })
      const revocation = redisRevocation(client)
      const verifiers = (storeTimeoutMs: number) =>
        [{ replay }, { revocation }].map((by) => requestVerifier({ ...accepting, ...by, storeTimeoutMs }))
      // A server that answers is waited for, even if the machine is busy.
      const patient = verifiers(60_000)
      for (const verify of patient) await verify(await signer.sign(post()))
      await server.kill()
      try {
        for (const verify of verifiers(200))
          await expectCode('ERR_STORE_UNAVAILABLE', async () => verify(await signer.sign(post())))
      } finally {
        await server.restart()
      }
      // The client reconnects itself, so wait for its next answer.
      expect(await replay.use('once it is back', accepting.now() + 60_000)).toBe(true)
      for (const verify of patient) await verify(await signer.sign(post()))
    })
  })

  it('runs the example of the guide', () => {
    const output = runFresh(
      `${guide('requests', 'redis').replaceAll('export ', '')}
      import { DIDSession } from 'cacao-session'
      import { ethereumAuth } from 'cacao-session/ethereum'
      const make = () => DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain: 'a.example' }), { resources: ['a:b'] })
      const [first, second] = [await make(), await make()]
      await signOut({ cacao: first.cacao })
      console.log(await revocation.isRevoked(first.cacao), await revocation.isRevoked(second.cacao))
      await signOutEverywhere({ account: '${ACCOUNT_A}' })
      console.log(await revocation.isRevoked(second.cacao), await replay.use('a', Date.now() + 1000))
      client.destroy()`,
      { REDIS_URL: server.url },
    )
    expect(output.trim().split('\n')).toEqual(['true false', 'true true'])
  })
})

describe('a client that is neither redis nor ioredis', () => {
  it.each([[undefined], [null], ['redis://localhost'], [{}], [{ set: () => 'OK' }]])(
    'is refused: %j',
    async (client) => {
      expect(await failureOf(() => redisReplay(client as never))).toBeInstanceOf(TypeError)
      expect(await failureOf(() => redisRevocation(client as never))).toBeInstanceOf(TypeError)
    },
  )

  it.each([[''], ['later'], [undefined], [true], [false], [[]], [['0']], [Number.NaN], [{}]])(
    'is refused when it answers %j, and not taken for one that knows of no revocation',
    async (answer) => {
      const answering = (score: unknown) =>
        redisRevocation({ call: async (name) => (name === 'ZSCORE' ? score : 0) }, { evictionCheck: false })
      expect(await answering(null).isRevoked(signed())).toBe(false)
      expect(await answering('0').isRevoked(signed())).toBe(false)
      await expectCode('ERR_STORE_UNAVAILABLE', () => answering(answer).isRevoked(signed()))
    },
  )

  it.each([['OK!'], [1], [undefined], [true]])('is refused when it answers %j', async (answer) => {
    const client = { call: async () => answer }
    expect(
      await failureOf(() => redisReplay(client, { evictionCheck: false }).use('a', Date.now() + 1000)),
    ).toBeInstanceOf(Error)
  })
})
