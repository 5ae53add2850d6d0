import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SessionError } from '../../src/base/errors.js'
import type { IORedisClient, NodeRedisClient } from '../../src/server/redis-client.js'
import { redisReplay, redisRevocation } from '../../src/server/redis-stores.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const LATER = (): number => Date.now() + 600_000
const EVICTING = ['lru', 'lfu', 'random'].flatMap((way) => [`allkeys-${way}`, `volatile-${way}`])
const FULL = ['--maxmemory', '2mb', '--maxmemory-policy']
// Limits the buffers of clients, because a full server has no memory for them.
const LEAN = ['--client-query-buffer-limit', '1mb']

interface Connection {
  readonly client: NodeRedisClient | IORedisClient
  readonly ask: (...command: string[]) => Promise<unknown>
}
const connections = {
  redis: async (url: string): Promise<Connection> => {
    const client = await createClient({ url }).connect()
    onTestFinished(() => client.destroy())
    return { client, ask: (...command) => client.sendCommand(command) }
  },
  'redis with RESP 3': async (url: string): Promise<Connection> => {
    const client = await createClient({ url, RESP: 3 }).connect()
    onTestFinished(() => client.destroy())
    return { client: client as unknown as NodeRedisClient, ask: (...command) => client.sendCommand(command) }
  },
  ioredis: async (url: string): Promise<Connection> => {
    const client = new Redis(url)
    onTestFinished(() => client.disconnect())
    return { client, ask: (...[name = '', ...args]) => client.call(name, ...args) }
  },
}
const ways = Object.entries(connections)

/** Writes until the server has evicted keys. */
async function fillUntilEvicted(ask: Connection['ask']): Promise<void> {
  for (let i = 0; !/evicted_keys:[1-9]/.test(String(await ask('INFO', 'stats'))); i++)
    await ask('SET', `other ${i}`, 'x'.repeat(10_000), 'PX', '600000')
}

/** A server for one test. */
async function serverWith(...options: string[]): Promise<RedisServer> {
  const server = await startRedis([...LEAN, ...options])
  onTestFinished(() => server.stop())
  return server
}

describeRedis('a redis-server with 2 MB', () => {
  describe.each([...EVICTING, 'volatile-ttl'])('that evicts keys by %s', (policy) => {
    let server: RedisServer
    beforeAll(async () => {
      server = await startRedis([...LEAN, ...FULL, policy])
    })
    afterAll(() => server.stop())

    it.each(ways)('makes calls reject with ERR_STORE_UNAVAILABLE, with %s', async (_, connect) => {
      const { client, ask } = await connect(server.url)
      const [replay, revocation] = [redisReplay(client), redisRevocation(client)]
      const questions: (() => unknown)[] = [
        () => replay.use('a', LATER()),
        () => revocation.isRevoked(signed()),
        () => revocation.revoke(signed()),
        () => revocation.revokeAll(ACCOUNT_A),
      ]
      const refused = async (): Promise<void> => {
        for (const question of questions) {
          const { message } = await expectCode('ERR_STORE_UNAVAILABLE', question)
          expect(message).toContain('noeviction')
          expect(message).toContain(policy)
        }
      }
      await refused()
      expect(await ask('KEYS', 'cacao-session:*')).toEqual([])
      await fillUntilEvicted(ask)
      await refused()
    })

    it('would forget used requests and revocations', async () => {
      const { client, ask } = await connections.redis(server.url)
      await ask('FLUSHALL')
      const replay = redisReplay(client, { evictionCheck: false })
      const revocation = redisRevocation(client, { evictionCheck: false })
      const ids = Array.from({ length: 100 }, (_, i) => `id ${i}`)
      for (const id of ids) expect(await replay.use(id, LATER())).toBe(true)
      await revocation.revoke(signed())
      const isForgotten = async (): Promise<boolean> =>
        Number(await ask('EXISTS', ...ids.map((id) => `cacao-session:used:${id}`))) < ids.length ||
        !(await revocation.isRevoked(signed()))
      // volatile-ttl evicts the keys that expire first, so these expire last.
      for (let i = 0; !(await isForgotten()); i++)
        for (let j = 0; j < 20; j++)
          await ask('SET', `other ${i} ${j}`, 'x'.repeat(5000), 'PX', '86400000000')
      expect(await isForgotten()).toBe(true)
    })
  })

  it.each(ways)(
    'that evicts nothing rejects writes once it is full, and forgets nothing, with %s',
    async (_, connect) => {
      const server = await serverWith(...FULL, 'noeviction')
      const { client } = await connect(server.url)
      const [replay, revocation] = [redisReplay(client), redisRevocation(client)]
      const revoked = [signed(), signed({ exp: undefined })]
      for (const cacao of revoked) await revocation.revoke(cacao)
      const used: string[] = []
      let failure: unknown
      while (failure === undefined) {
        const id = `${'x'.repeat(2000)} ${used.length}`
        await Promise.resolve(replay.use(id, LATER())).then(
          () => used.push(id),
          (reason: unknown) => {
            failure = reason
          },
        )
      }
      expect(String(failure)).toContain('OOM')
      expect(used.length).toBeGreaterThan(50)
      const again = await Promise.allSettled(used.map(async (id) => replay.use(id, LATER())))
      expect(again.filter((answer) => answer.status === 'fulfilled' && answer.value)).toEqual([])
      for (const cacao of revoked) expect(await revocation.isRevoked(cacao)).toBe(true)
      expect(await revocation.isRevoked(signed({ nonce: 'another123' }))).toBe(false)
      // Whether there is space or not: if `revoke` resolved, the capability is revoked.
      const late = signed({ nonce: 'another456' })
      const isDone = await Promise.resolve(revocation.revoke(late)).then(
        () => true,
        (error: SessionError) => error.code !== 'ERR_STORE_UNAVAILABLE',
      )
      expect(await revocation.isRevoked(late)).toBe(isDone)
    },
  )
})

describeRedis('a redis-server', () => {
  it('without maxmemory evicts nothing, with any policy', async () => {
    const server = await serverWith('--maxmemory', '0', '--maxmemory-policy', 'allkeys-lru')
    const { client } = await connections.redis(server.url)
    expect(await redisReplay(client).use('a', LATER())).toBe(true)
  })

  it.each(ways)('whose policy changes is refused within a minute, with %s', async (_, connect) => {
    const server = await serverWith(...FULL, 'noeviction')
    const { client, ask } = await connect(server.url)
    const now = vi.spyOn(performance, 'now').mockReturnValue(1000)
    onTestFinished(() => now.mockRestore())
    const replay = redisReplay(client)
    expect(await replay.use('a', LATER())).toBe(true)
    await ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    now.mockReturnValue(61_000)
    // Only the steady clock moves, so the store takes the other one as set back: use a later expiry than before.
    const later = LATER() + 1000
    await expectCode('ERR_STORE_UNAVAILABLE', () => replay.use('b', later))
    // It is refused each time, but only for as long as Redis may evict keys.
    await expectCode('ERR_STORE_UNAVAILABLE', () => replay.use('b', later))
    await ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    expect(await replay.use('b', later)).toBe(true)
  })

  it('is asked for its policy once for simultaneous calls', async () => {
    const server = await serverWith(...FULL, 'noeviction')
    const { client, ask } = await connections.redis(server.url)
    const { use } = redisReplay(client)
    await Promise.all(Array.from({ length: 50 }, (_, i) => use(`id ${i}`, LATER())))
    const stats = String(await ask('INFO', 'commandstats'))
    expect(/cmdstat_config\|get:calls=(\d+)/.exec(stats)?.[1]).toBe('2')
  })

  describe.each(ways)('that hides its configuration from the client, with %s', (_, connect) => {
    const as = async (rules: readonly string[], policy: string): Promise<Connection> => {
      const server = await serverWith(...FULL, policy)
      const admin = await connections.ioredis(server.url)
      await admin.ask('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', ...rules)
      return connect(server.url.replace('redis://', 'redis://app:secret@'))
    }

    it('is judged by INFO if CONFIG can not be read', async () => {
      const good = await as(['-config'], 'noeviction')
      expect(await redisReplay(good.client).use('a', LATER())).toBe(true)
      const bad = await as(['-config'], 'volatile-lru')
      const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () =>
        redisReplay(bad.client).use('a', LATER()),
      )
      expect(message).toContain('noeviction')
    })

    it('is refused if neither INFO nor CONFIG can be read, unless evictionCheck is false', async () => {
      const { client } = await as(['-config', '-info'], 'noeviction')
      for (const ask of [
        () => redisReplay(client).use('a', LATER()),
        () => redisRevocation(client).isRevoked(signed()),
      ])
        expect((await expectCode('ERR_STORE_UNAVAILABLE', ask)).message).toContain('evictionCheck: false')
      expect(await redisReplay(client, { evictionCheck: false }).use('a', LATER())).toBe(true)
      expect(await redisRevocation(client, { evictionCheck: false }).isRevoked(signed())).toBe(false)
    })
  })
})

const odd = (answer: (command: string) => unknown): IORedisClient => ({
  call: async (command) => answer(command),
})

describe('a client', () => {
  it('that knows no server yet is made to connect first, and refused if it still knows none', async () => {
    const calls: string[] = []
    const server = odd((command) =>
      command === 'CONFIG' ? [] : 'maxmemory:0\r\nmaxmemory_policy:noeviction',
    )
    const cluster = (servers: readonly IORedisClient[]) => ({
      nodes: () => (calls.includes('EXISTS') ? servers : []),
      call: async (command: string) => {
        calls.push(command)
        return command === 'SET' ? 'OK' : 0
      },
    })
    await expectCode('ERR_STORE_UNAVAILABLE', () => redisReplay(cluster([])).use('a', LATER()))
    expect(calls).toEqual(['EXISTS'])
    calls.length = 0
    expect(await redisReplay(cluster([server])).use('a', LATER())).toBe(true)
    expect(calls).toEqual(['EXISTS', 'SET'])
  })

  it('is asked for its policy again after a minute, and not before', async () => {
    const steady = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => steady.mockRestore())
    let policy = 'noeviction'
    let asked = 0
    const { isRevoked } = redisRevocation(
      odd((command) => {
        if (command !== 'INFO') return { CONFIG: [], EXISTS: 0 }[command] ?? null
        asked++
        return `maxmemory:1\r\nmaxmemory_policy:${policy}`
      }),
    )
    expect(await isRevoked(signed())).toBe(false)
    policy = 'allkeys-lru'
    steady.mockReturnValue(59_999)
    expect(await isRevoked(signed())).toBe(false)
    expect(asked).toBe(1)
    steady.mockReturnValue(60_000)
    await expectCode('ERR_STORE_UNAVAILABLE', () => isRevoked(signed()))
    expect(asked).toBeGreaterThan(1)
  })
})

describe('a client that does not report the policy', () => {
  it.each([
    ['nothing', () => null],
    ['an empty list', () => []],
    ['a string', () => 'OK'],
    ['another setting', () => ['maxmemory', '0']],
    ['the limit only', () => 'maxmemory:100\r\n'],
    ['the policy only', () => 'maxmemory_policy:noeviction'],
    ['an error', () => Promise.reject(new Error('NOPERM no'))],
    ['that it is called in another way', () => Promise.reject(new TypeError('args.map is not a function'))],
    ['that it is not connected', () => Promise.reject(new Error('Connection is closed.'))],
  ])('but answers %s is refused', async (_, answer) => {
    const client = odd((command) => (command === 'SET' ? 'OK' : answer()))
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () => redisReplay(client).use('a', LATER()))
    expect(message).not.toContain('undefined')
  })

  it.each([0, 1, 'false', null])(
    'is accepted only if evictionCheck is false, and not for %j',
    async (evictionCheck) => {
      const options = { evictionCheck: evictionCheck as never }
      for (const make of [redisReplay, redisRevocation])
        expect(
          await failureOf(() =>
            make(
              odd(() => 'OK'),
              options,
            ),
          ),
        ).toBeInstanceOf(TypeError)
    },
  )

  it('is refused if evictionCheck is undefined, as an environment variable can be', async () => {
    const replay = redisReplay(
      odd(() => 'OK'),
      { evictionCheck: undefined },
    )
    await expectCode('ERR_STORE_UNAVAILABLE', () => replay.use('a', LATER()))
  })
})

describe('a clock that jumps', () => {
  const kept = (): { client: IORedisClient; forget(): void } => {
    const keys = new Set<string>()
    const call = async (_: string, key: unknown): Promise<unknown> => {
      if (keys.has(String(key))) return null
      keys.add(String(key))
      return 'OK'
    }
    return { client: { call }, forget: () => keys.clear() }
  }
  const NOW = 1_700_000_000_000

  it('ahead and back accepts no id twice, even after Redis has forgotten it', async () => {
    const { client, forget } = kept()
    let time = NOW
    const { use } = redisReplay(client, { now: () => time, evictionCheck: false })
    expect(await use('a', NOW + 60_000)).toBe(true)
    time = NOW + 200_000
    expect(await use('b', time + 60_000)).toBe(true)
    forget()
    time = NOW
    expect(await use('a', NOW + 60_000)).toBe(false)
    expect(await use('c', NOW + 200_000)).toBe(false)
    // `b` may be forgotten too, and so may every request that was used and expires no later.
    expect(await use('d', NOW + 260_000)).toBe(false)
    expect(await use('d', NOW + 260_001)).toBe(true)
  })

  it('back accepts no id twice that was used while it was ahead', async () => {
    const { client, forget } = kept()
    const steady = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => steady.mockRestore())
    let time = NOW + 3_600_000
    const { use } = redisReplay(client, { now: () => time, evictionCheck: false })
    const end = time + 60_000
    expect(await use('a', end)).toBe(true)
    time = NOW
    // Redis counts two minutes and forgets it, but by the corrected clock it expires an hour later.
    steady.mockReturnValue(120_001)
    forget()
    expect(await use('a', end)).toBe(false)
    expect(await use('b', end + 1)).toBe(true)
    // After that time, new requests are accepted again.
    time = end
    expect(await use('c', end + 60_000)).toBe(true)
  })

  it('back and shows the same time an hour later, accepts no id twice', async () => {
    const { client, forget } = kept()
    const steady = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => steady.mockRestore())
    const { use } = redisReplay(client, { now: () => NOW, evictionCheck: false })
    expect(await use('a', NOW + 60_000)).toBe(true)
    steady.mockReturnValue(3_600_000)
    forget()
    expect(await use('a', NOW + 60_000)).toBe(false)
    expect(await use('b', NOW + 60_001)).toBe(true)
  })

  it('back a little, as clocks are corrected, refuses no new id', async () => {
    const { client } = kept()
    const steady = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => steady.mockRestore())
    let time = NOW
    const { use } = redisReplay(client, { now: () => time, evictionCheck: false })
    let refusals = 0
    for (let hour = 1; hour <= 1000; hour++) {
      // The clock loses a tenth of a second each hour.
      time = NOW + hour * 3_599_900
      steady.mockReturnValue(hour * 3_600_000)
      if (!(await use(`id ${hour}`, time + 60_000))) refusals++
    }
    expect(refusals).toBe(0)
  })

  it('to NaN causes a TypeError', async () => {
    const { client } = kept()
    const { use } = redisReplay(client, { now: () => Number.NaN, evictionCheck: false })
    expect(await failureOf(() => use('a', NOW))).toBeInstanceOf(TypeError)
  })
})
