import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionError } from '../../src/base/errors.js'
import type { Cacao } from '../../src/capability/cacao.js'
import type { RevocationStore } from '../../src/http/revocation.js'
import type { IORedisSubscriber, NodeRedisSubscriber } from '../../src/server/redis-channel.js'
import type { IORedisClient, NodeRedisClient } from '../../src/server/redis-client.js'
import { type RedisRevocationOptions, redisRevocation } from '../../src/server/redis-stores.js'
import { untilSessionEnds } from '../../src/token/until-session-ends.js'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

// If a session ends on one server, its sockets on all servers end, because Redis sends a message.

interface Connection {
  readonly client: NodeRedisClient | IORedisClient
  readonly ask: (...command: string[]) => Promise<unknown>
  /** A second connection, which subscribes. */
  subscriber(): Promise<NodeRedisSubscriber | IORedisSubscriber>
  close(): void
}
const byNodeRedis = async (url: string): Promise<Connection> => {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } })
  client.on('error', () => undefined)
  await client.connect()
  const duplicates: (typeof client)[] = []
  return {
    client: client as unknown as NodeRedisClient,
    ask: (...command) => client.sendCommand(command),
    async subscriber() {
      const duplicate = client.duplicate()
      duplicate.on('error', () => undefined)
      duplicates.push(duplicate)
      return (await duplicate.connect()) as unknown as NodeRedisSubscriber
    },
    close: () => {
      for (const each of [client, ...duplicates]) each.destroy()
    },
  }
}
const byIORedis = async (url: string): Promise<Connection> => {
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  const duplicates: Redis[] = []
  return {
    client,
    ask: (name = '', ...args) => client.call(name, ...args),
    async subscriber() {
      const duplicate = client.duplicate()
      duplicate.on('error', () => undefined)
      duplicates.push(duplicate)
      return duplicate
    },
    close: () => {
      for (const each of [client, ...duplicates]) each.disconnect()
    },
  }
}

const HOUR_SECS = 3600

describeRedis('redisRevocation, over pub/sub', () => {
  let server: RedisServer
  let cacao: Cacao
  let other: Cacao
  beforeAll(async () => {
    server = await startRedis()
    cacao = (await testSigner()).cacao
    other = (await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)).cacao
  })
  afterAll(() => server.stop())

  describe.each([
    ['redis', byNodeRedis],
    ['ioredis', byIORedis],
  ] as const)('with %s', (_, connect) => {
    let connection: Connection
    let closed: AbortController
    beforeAll(async () => {
      connection = await connect(server.url)
    })
    beforeEach(async () => {
      closed = new AbortController()
      await connection.ask('FLUSHALL')
    })
    afterEach(() => closed.abort())
    afterAll(() => connection.close())

    const listening = async (options: RedisRevocationOptions = {}): Promise<(by: Cacao) => AbortSignal> => {
      const subscriber = await connection.subscriber()
      const revocation = redisRevocation(connection.client, { ...options, subscriber })
      return (by) =>
        untilSessionEnds({ cacao: by }, { revocation, pollSecs: HOUR_SECS, signal: closed.signal })
    }
    const subscribed = (channel: string): Promise<void> =>
      expect
        .poll(async () => (await connection.ask('PUBSUB', 'NUMSUB', channel)) as unknown[])
        .toContainEqual(1)
    // Only the message can end it: without the message, the server would ask again only after an hour.
    const aborted = (signal: AbortSignal): Promise<unknown> =>
      new Promise((resolve) => {
        if (signal.aborted) resolve(signal.reason)
        signal.addEventListener('abort', () => resolve(signal.reason))
      })

    it.each([
      ['of a capability', 'capability:', (store: RevocationStore) => store.revoke(cacao)],
      ['of an account', 'account:', (store: RevocationStore) => store.revokeAll(ACCOUNT_A)],
    ])(
      'ends sockets on other servers at a revocation %s, and no other sockets',
      async (__, prefix, revoke) => {
        const servers = [await listening({ prefix }), await listening({ prefix })]
        const ended = servers.map((until) => until(cacao))
        const others = servers.map((until) => until(other))
        await expect
          .poll(async () => (await connection.ask('PUBSUB', 'NUMSUB', `${prefix}events`)) as unknown[])
          .toContainEqual(2)
        // A server without a subscriber still sends messages.
        await revoke(redisRevocation(connection.client, { prefix }))
        for (const signal of ended)
          expect(((await aborted(signal)) as SessionError).code).toBe('ERR_CAPABILITY_REVOKED')
        expect(others.map((signal) => signal.aborted)).toEqual([false, false])
      },
    )

    it('ends a session revoked before the subscription', async () => {
      const until = await listening()
      const ended = until(cacao)
      await redisRevocation(connection.client).revoke(cacao)
      expect(((await aborted(ended)) as SessionError).code).toBe('ERR_CAPABILITY_REVOKED')
    })

    it('does not end a session by a message alone', async () => {
      const prefix = 'claimed:'
      const until = await listening({ prefix })
      const ended = until(cacao)
      await subscribed(`${prefix}events`)
      for (const message of ['', '{', 'null', '[]', '{"id":1}', JSON.stringify({ account: ACCOUNT_A })])
        await connection.ask('PUBLISH', `${prefix}events`, message)
      await redisRevocation(connection.client, { prefix }).revoke(other)
      const otherEnded = until(other)
      await aborted(otherEnded)
      expect(ended.aborted).toBe(false)
    })

    it('revokes even if the client may not publish', async () => {
      const { client } = connection
      const refused = async (): Promise<never> => Promise.reject(new Error('NOPERM'))
      const silent = new Proxy(client, {
        get(target, name) {
          if (name === 'publish') return refused
          const value: unknown = Reflect.get(target, name)
          if (typeof value !== 'function') return value
          const method = value.bind(target)
          return name === 'call'
            ? (command: string, ...args: string[]) =>
                command === 'PUBLISH' ? refused() : method(command, ...args)
            : method
        },
      })
      const store = redisRevocation(silent)
      await store.revoke(cacao)
      expect(await redisRevocation(client).isRevoked(cacao)).toBe(true)
    })
  })

  it('warns if the subscriber is not connected, and polls instead', async () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined)
    const connection = await byNodeRedis(server.url)
    const subscriber = createClient({ url: server.url }) as unknown as NodeRedisSubscriber
    const revocation = redisRevocation(connection.client, { subscriber })
    const ended = untilSessionEnds({ cacao }, { revocation, pollSecs: 0.01 })
    await expect.poll(() => warned.mock.calls.flat().join(' ')).toContain('connect it first')
    await revocation.revoke(cacao)
    await expect.poll(() => ended.aborted).toBe(true)
    warned.mockRestore()
    connection.close()
  })

  it('throws a TypeError for any other subscriber', async () => {
    const connection = await byIORedis(server.url)
    for (const subscriber of [undefined, null, {}, { subscribe: () => undefined }, () => undefined])
      expect(() =>
        redisRevocation(connection.client, { subscriber: subscriber as unknown as IORedisSubscriber }),
      ).toThrow(
        new TypeError(
          'subscriber must be a separate client of the package redis (4 or later) or ioredis: client.duplicate()',
        ),
      )
    connection.close()
  })
})
