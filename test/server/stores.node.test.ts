import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Clock } from '../../src/base/environment.js'
import { fileRevocation } from '../../src/node/file-revocation.js'
import { redisDevices } from '../../src/server/redis-devices.js'
import { redisReplay, redisRevocation } from '../../src/server/redis-stores.js'
import { type SQLClient, sqlDevices, sqlMigration, sqlReplay, sqlRevocation } from '../../src/server/sql.js'
import { upstashDevices, upstashReplay, upstashRevocation } from '../../src/server/upstash.js'
import { freePort } from '../engines/free-port.js'
import { describePostgres, type PostgresServer, poolOf, startPostgres } from '../setup/postgres.js'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { storeSuites } from '../setup/store-suite.js'
import { startUpstash, type UpstashServer } from '../setup/upstash.js'

type WithClock = { readonly now: Clock }

describe('in a file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cacao-session-stores-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  storeSuites({
    revocation: {
      open: (options) => fileRevocation(join(folder, 'revoked.jsonl'), options),
      openBroken: () => fileRevocation(join(folder, 'absent', 'revoked.jsonl')),
    },
  })
})

describeRedis('in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  describe('with redis', () => {
    let client: Awaited<ReturnType<typeof connected>>
    const connected = async () => createClient({ url: server.url }).connect()
    const closed = async () => {
      const other = createClient({ url: server.url })
      await other.connect()
      other.destroy()
      return other
    }
    beforeAll(async () => {
      client = await connected()
    })
    afterAll(() => client.destroy())
    storeSuites({
      replay: {
        open: (options) => redisReplay(client, options),
        openBroken: async () => redisReplay(await closed()),
      },
      revocation: {
        open: (options) => redisRevocation(client, options),
        openBroken: async () => redisRevocation(await closed()),
      },
      devices: {
        open: (options) => redisDevices(client, options),
        openBroken: async () => redisDevices(await closed()),
      },
    })
  })

  describe('with ioredis', () => {
    let client: Redis
    const closed = () => {
      const other = new Redis(server.url, { lazyConnect: true })
      other.disconnect()
      return other
    }
    beforeAll(() => {
      client = new Redis(server.url)
    })
    afterAll(() => client.disconnect())
    storeSuites({
      replay: { open: (options) => redisReplay(client, options), openBroken: () => redisReplay(closed()) },
      revocation: {
        open: (options) => redisRevocation(client, options),
        openBroken: () => redisRevocation(closed()),
      },
      devices: { open: (options) => redisDevices(client, options), openBroken: () => redisDevices(closed()) },
    })
  })

  describe('over HTTP, as Upstash speaks it', () => {
    let upstash: UpstashServer
    beforeAll(async () => {
      upstash = await startUpstash(server.port)
    })
    afterAll(() => upstash.stop())
    const at = () => ({ url: upstash.url, token: upstash.token })
    const nowhere = async () => ({ url: `http://127.0.0.1:${await freePort()}`, token: 'token' })
    storeSuites({
      replay: {
        open: ({ now }) => upstashReplay({ ...at(), now }),
        openBroken: async () => upstashReplay(await nowhere()),
      },
      revocation: {
        open: ({ now }) => upstashRevocation({ ...at(), now }),
        openBroken: async () => upstashRevocation(await nowhere()),
      },
      devices: {
        open: ({ now }) => upstashDevices({ ...at(), now }),
        openBroken: async () => upstashDevices(await nowhere()),
      },
    })
  })
})

/** All three stores over a client, and over one that is closed. */
const sqlSuites = (client: () => SQLClient, closed: () => SQLClient): void =>
  storeSuites({
    replay: {
      open: (options: WithClock) => sqlReplay(client(), options),
      openBroken: () => sqlReplay(closed()),
    },
    revocation: {
      open: (options: WithClock) => sqlRevocation(client(), options),
      openBroken: () => sqlRevocation(closed()),
    },
    devices: {
      open: (options: WithClock) => sqlDevices(client(), options),
      openBroken: () => sqlDevices(closed()),
    },
  })

describePostgres('in Postgres', () => {
  let server: PostgresServer
  let pool: pg.Pool
  let sql: postgres.Sql
  beforeAll(async () => {
    server = await startPostgres()
    pool = poolOf({ connectionString: server.url })
    sql = postgres(server.url, { onnotice: () => undefined })
    await pool.query(sqlMigration('postgres'))
  })
  afterAll(async () => {
    await pool.end()
    await sql.end()
    await server.stop()
  })

  describe('with a pool of pg', () => {
    sqlSuites(
      () => pool,
      () => new pg.Pool({ port: 1, host: '127.0.0.1' }),
    )
  })
  describe('with a client of pg', () => {
    let client: pg.Client
    beforeAll(async () => {
      client = new pg.Client(server.url)
      client.on('error', () => undefined)
      await client.connect()
    })
    afterAll(() => client.end())
    sqlSuites(
      () => client,
      () => {
        const ended = new pg.Client(server.url)
        void ended.end()
        return ended
      },
    )
  })
  describe('with postgres', () => {
    sqlSuites(
      () => sql,
      () => {
        const ended = postgres(server.url)
        void ended.end()
        return ended
      },
    )
  })
})
