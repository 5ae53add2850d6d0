import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import {
  type SQLClient,
  type SQLiteClient,
  sqlDevices,
  sqlMigration,
  sqlReplay,
  sqlRevocation,
} from '../../src/server/sql.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { guide } from '../docs/pages.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { runFresh } from '../setup/fresh-process.js'
import { describePostgres, type PostgresServer, poolOf, startPostgres } from '../setup/postgres.js'
import { accepting, post, testSigner } from '../setup/request-signer.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describePostgres('Postgres', () => {
  let server: PostgresServer
  let pool: pg.Pool
  let schemas = 0
  beforeAll(async () => {
    server = await startPostgres()
    pool = poolOf({ connectionString: server.url })
  })
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  /** Creates separate tables for a test, in a separate schema. */
  const fresh = async (): Promise<string> => {
    const prefix = `test_${++schemas}.app_`
    await pool.query(`CREATE SCHEMA test_${schemas}`)
    await pool.query(sqlMigration('postgres', { prefix }))
    return prefix
  }
  const count = async (table: string): Promise<number> =>
    Number((await pool.query(`SELECT count(*) FROM ${table} WHERE id <> ''`)).rows[0].count)

  it('stores only a hash and an expiry of a used request', async () => {
    const prefix = await fresh()
    const end = Date.now() + MINUTE
    expect(await sqlReplay(pool, { prefix }).use('did:key:zSomebody nonce', end)).toBe(true)
    const { rows } = await pool.query(`SELECT * FROM ${prefix}used WHERE id <> ''`)
    expect(rows).toEqual([{ id: expect.stringMatching(/^[-\w]{43}$/), expires_at: String(end) }])
  })

  it('recovers if a pool loses a connection, and says what to do if a client does', async () => {
    const prefix = await fresh()
    const client = new pg.Client(server.url)
    const lost = new Promise((resolve) => client.once('error', resolve))
    client.on('error', () => undefined)
    await client.connect()
    const [ofClient, ofPool] = [client, pool].map((each) => sqlReplay(each, { prefix }))
    expect(await ofClient?.use('a', Date.now() + MINUTE)).toBe(true)
    const { rows } = await client.query('SELECT pg_backend_pid() AS id')
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0].id])
    await lost
    const refused = async () => ofClient?.use('b', Date.now() + MINUTE)
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', refused)
    expect(message).toContain('pass a Pool')

    const removed = new Promise((resolve) => pool.once('remove', resolve))
    await pool.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
    await removed
    expect(await ofPool?.use('b', Date.now() + MINUTE)).toBe(true)
  })

  it('runs one statement for each use, safely on two servers at once', async () => {
    const prefix = await fresh()
    const texts: string[] = []
    const counted = new Proxy(pool, {
      get: (target, name) =>
        name === 'query'
          ? (text: string, values: unknown[]) => {
              texts.push(text)
              return target.query(text, values)
            }
          : Reflect.get(target, name, target),
    })
    const { use } = sqlReplay(counted, { prefix })
    await use('first', Date.now() + MINUTE)
    texts.length = 0
    await use('a', Date.now() + MINUTE)
    expect(texts).toHaveLength(1)
    expect(texts[0]).toMatch(/^INSERT INTO .* ON CONFLICT \(id\) DO NOTHING RETURNING 1$/s)
  })

  it('deletes expired rows, at most 1000 at a time, and no others', async () => {
    const prefix = await fresh()
    const old = Date.now() - 10 * MINUTE
    await pool.query(`INSERT INTO ${prefix}used SELECT 'old ' || n, $1 FROM generate_series(1, 2500) AS n`, [
      old,
    ])
    await pool.query(`INSERT INTO ${prefix}used VALUES ('live', $1)`, [Date.now() + MINUTE])
    // A statement that began a minute ago may still need this row.
    await pool.query(`INSERT INTO ${prefix}used VALUES ('recent', $1)`, [Date.now() - 1.5 * MINUTE])
    // Each server sweeps on its first use, and then after every 500 uses.
    for (const left of [1500, 500, 0]) {
      await sqlReplay(pool, { prefix }).use(`new ${left}`, Date.now() + MINUTE)
      const { rows } = await pool.query(`SELECT count(*) FROM ${prefix}used WHERE id LIKE 'old %'`)
      expect(Number(rows[0].count)).toBe(left)
    }
    expect(await count(`${prefix}used`)).toBe(5)
    const busy = sqlReplay(pool, { prefix })
    await busy.use('first', Date.now() + MINUTE)
    await pool.query(`INSERT INTO ${prefix}used VALUES ('old again', $1)`, [old])
    for (let i = 0; i < 498; i++) await busy.use(`one ${i}`, Date.now() + MINUTE)
    const isThere = async (): Promise<boolean> =>
      (await pool.query(`SELECT 1 FROM ${prefix}used WHERE id = 'old again'`)).rows.length === 1
    expect(await isThere()).toBe(true)
    for (let i = 0; i < 2; i++) await busy.use(`two ${i}`, Date.now() + MINUTE)
    expect(await isThere()).toBe(false)
  })

  it('deletes no row that is still needed if the clock of one server is a year ahead', async () => {
    const prefix = await fresh()
    const end = Date.now() + MINUTE
    expect(await sqlReplay(pool, { prefix }).use('a', end)).toBe(true)
    const ahead = sqlReplay(pool, { prefix, now: () => Date.now() + 365 * DAY })
    expect(await ahead.use('b', Date.now() + 366 * DAY)).toBe(true)
    expect(await count(`${prefix}used`)).toBe(2)
    expect(await sqlReplay(pool, { prefix }).use('a', end)).toBe(false)
    expect(await sqlReplay(pool, { prefix }).use('c', end)).toBe(true)
  })

  it('refuses ids whose rows may have been deleted, even if a server’s clock is wrong', async () => {
    const prefix = await fresh()
    await sqlReplay(pool, { prefix }).use('now', Date.now() + MINUTE)
    // A server whose clock is an hour behind: other servers have removed rows that it still considers valid.
    const behind = testClock(Date.now() - 60 * MINUTE)
    const slow = sqlReplay(pool, { prefix, now: behind.now })
    expect(await slow.use('swept or not', behind.now() + MINUTE)).toBe(false)
    expect(await slow.use('new', Date.now() + MINUTE)).toBe(true)
    // A clock that is behind by less than a minute makes no difference.
    const little = testClock(Date.now() - MINUTE / 2)
    expect(await sqlReplay(pool, { prefix, now: little.now }).use('in time', little.now() + 1000)).toBe(true)
  })

  it('deletes rows by the clock of its server if the clock of the database is ahead of it', async () => {
    const prefix = await fresh()
    const behind = testClock(Date.now() - 60 * MINUTE)
    const end = behind.now() + MINUTE
    for (const [id, isNew] of [
      ['a', true],
      ['b', true],
      ['a', false],
    ] as const)
      expect(await sqlReplay(pool, { prefix, now: behind.now }).use(id, end)).toBe(isNew)
  })

  it('keeps a revocation for a day after its capability expired, and then treats it as revoked', async () => {
    const prefix = await fresh()
    const expiring = (ms: number, nonce: string) =>
      signed({ exp: new Date(Date.now() + ms).toISOString(), nonce })
    const [recent, old] = [expiring(-0.5 * DAY, 'recent1234'), expiring(-3 * DAY, 'ancient123')]
    const endless = signed({ exp: undefined, nonce: 'endless123' })
    for (const cacao of [recent, old, endless]) await sqlRevocation(pool, { prefix }).revoke(cacao)
    // The sweep of another server.
    const revocation = sqlRevocation(pool, { prefix })
    await revocation.revoke(signed({ nonce: 'another123' }))
    expect(await count(`${prefix}revoked`)).toBe(3)
    for (const cacao of [recent, old, endless]) expect(await revocation.isRevoked(cacao)).toBe(true)
    expect(await revocation.isRevoked(signed({ nonce: 'fresh12345' }))).toBe(false)
  })

  it('deletes the oldest devices above maxPerAccount, and expired devices of other accounts', async () => {
    const prefix = await fresh()
    const devices = sqlDevices(pool, { prefix, maxPerAccount: 3 })
    const device = (account: string, i: number, expiresAt = Date.now() + DAY) => ({
      account,
      id: `id ${i}`,
      keyDID: `did:key:z${i}`,
      capability: '{}',
      firstSeen: i,
      lastSeen: i,
      expiresAt,
    })
    await devices.seen(device('eip155:1:0xb', 9, Date.now() - 1))
    for (const i of [1, 5, 2, 4, 3]) await devices.seen(device('eip155:1:0xa', i))
    expect((await devices.list('eip155:1:0xa')).map(({ lastSeen }) => lastSeen).sort()).toEqual([3, 4, 5])
    expect(await count(`${prefix}devices`)).toBe(3)
  })

  it('names sqlMigration in the error if tables are missing', async () => {
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () =>
      sqlReplay(pool, { prefix: 'absent_' }).use('a', Date.now() + MINUTE),
    )
    expect(message).toContain('sqlMigration')
  })

  it('rejects at the first use if it has no permission to delete rows', async () => {
    const prefix = await fresh()
    await pool.query(`CREATE ROLE app_${schemas} LOGIN`)
    await pool.query(`GRANT USAGE ON SCHEMA test_${schemas} TO app_${schemas}`)
    await pool.query(`GRANT SELECT, INSERT, UPDATE ON ${prefix}used TO app_${schemas}`)
    const limited = poolOf({
      connectionString: server.url.replace('postgres@', `app_${schemas}@`),
      max: 1,
    })
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      sqlReplay(limited, { prefix }).use('a', Date.now() + MINUTE),
    )
    await limited.end()
  })

  it('throws a TypeError for a transaction of postgres.js, which could be rolled back', async () => {
    const sql = postgres(server.url)
    await sql.begin(async (transaction) => {
      expect(await failureOf(() => sqlReplay(transaction as unknown as SQLClient))).toBeInstanceOf(TypeError)
    })
    await sql.end()
  })

  it('runs the example of the guide', () => {
    const output = runFresh(
      `${guide('requests', 'sql').replaceAll('export ', '')}
      const end = Date.now() + 60_000
      console.log(await replay.use('a', end), await replay.use('a', end))
      await revocation.revokeAll('${ACCOUNT_A}')
      const rows = await pool.query('SELECT account FROM cacao_session_signed_out')
      console.log(rows.rows[0].account)
      await pool.end()`,
      { DATABASE_URL: server.url },
    )
    expect(output.trim().split('\n')).toEqual(['true false', ACCOUNT_A])
  })

  it('refuses requests while it may not be written, and says why', async () => {
    const prefix = await fresh()
    const standby = poolOf({
      connectionString: server.url,
      options: '-c default_transaction_read_only=on',
    })
    const verify = requestVerifier({ ...accepting, now: Date.now, replay: sqlReplay(standby, { prefix }) })
    const { sign } = await testSigner()
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', async () =>
      verify(await sign(post(), Date.now())),
    )
    expect(message).toContain('cannot execute INSERT in a read-only transaction')
    const primary = requestVerifier({ ...accepting, now: Date.now, replay: sqlReplay(pool, { prefix }) })
    await primary(await sign(post(), Date.now()))
    await standby.end()
  })

  it('refuses a request whose connection is ended while it waits, and says why', async () => {
    const prefix = await fresh()
    const verify = requestVerifier({
      ...accepting,
      now: Date.now,
      replay: sqlReplay(pool, { prefix }),
      storeTimeoutMs: 60_000,
    })
    const { sign } = await testSigner()
    const owner = await pool.connect()
    await owner.query('BEGIN')
    await owner.query(`LOCK TABLE ${prefix}used IN ACCESS EXCLUSIVE MODE`)
    const refused = expectCode('ERR_STORE_UNAVAILABLE', async () => verify(await sign(post(), Date.now())))
    await vi.waitFor(async () => {
      // Not by the owner: within its transaction, it would see the same activity again and again.
      const { rowCount } = await pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
      )
      expect(rowCount).toBe(1)
    }, SOON)
    expect((await refused).message).toContain('terminating connection due to administrator command')
    await owner.query('ROLLBACK')
    owner.release()
    await verify(await sign(post(), Date.now()))
  })

  it('refuses requests in time while the pool has no connection left', async () => {
    const prefix = await fresh()
    const full = poolOf({ connectionString: server.url, max: 1 })
    const verify = requestVerifier({
      ...accepting,
      now: Date.now,
      replay: sqlReplay(full, { prefix }),
      storeTimeoutMs: 2000,
    })
    const impatient = requestVerifier({
      ...accepting,
      now: Date.now,
      replay: sqlReplay(full, { prefix }),
      storeTimeoutMs: 20,
    })
    const { sign } = await testSigner()
    const only = await full.connect()
    await expectCode('ERR_STORE_UNAVAILABLE', async () => impatient(await sign(post(), Date.now())))
    only.release()
    await verify(await sign(post(), Date.now()))
    await full.end()
  })

  it('refuses requests while the database is down, and accepts them again afterwards', async () => {
    const prefix = await fresh()
    const { sign } = await testSigner()
    const verify = requestVerifier({
      ...accepting,
      now: Date.now,
      replay: sqlReplay(pool, { prefix }),
      revocation: sqlRevocation(pool, { prefix }),
    })
    const request = await sign(post('Buy cacao beans'), Date.now())
    await verify(request.clone())
    await server.kill()
    const another = await sign(post('Sell cacao beans'), Date.now())
    await expectCode('ERR_STORE_UNAVAILABLE', () => verify(another.clone()))
    await server.restart()
    await verify(another.clone())
    for (const again of [request, another])
      await expectCode('ERR_REQUEST_REPLAYED', () => verify(again.clone()))
  })
})

describe('a client', () => {
  const method = (): undefined => undefined
  const others: Readonly<Record<string, unknown>> = {
    nothing: undefined,
    null: null,
    'an address': 'postgres://127.0.0.1/postgres',
    'a pool of mysql2': { query: method, execute: method, escape: method, getConnection: method },
    'a pool of mssql': { query: method, request: method, connect: method },
    'a database of sqlite3, with callbacks': {
      prepare: method,
      exec: method,
      all: method,
      run: method,
      close: method,
    },
    'a database of sqlite, which opens': {
      prepare: method,
      exec: method,
      all: method,
      open: method,
      close: method,
    },
    'a D1 database': { prepare: method, exec: method, batch: method, dump: method },
    'a knex, which is a function': Object.assign(method, { raw: method, select: method }),
    'a query builder': { selectFrom: method, insertInto: method, transaction: method },
  }
  it.each(Object.keys(others))(
    'that is %s is refused with an error that lists the supported clients',
    async (name) => {
      for (const make of [sqlReplay, sqlRevocation, sqlDevices]) {
        const error = await failureOf(() => make(others[name] as SQLClient))
        expect(error).toBeInstanceOf(TypeError)
        expect((error as Error).message).toMatch(/pg.*postgres.*node:sqlite.*better-sqlite3/)
      }
    },
  )

  const KV = { get: method, put: method, list: method, delete: method, getWithMetadata: method }
  it('that is a Workers KV namespace is refused with the reason', async () => {
    const error = await failureOf(() => sqlReplay(KV as unknown as SQLClient))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain('not atomic')
  })

  const sqlite = (all: (...values: unknown[]) => unknown, more: object = {}): SQLiteClient =>
    ({ prepare: () => ({ all }), exec: method, pragma: method, ...more }) as SQLiteClient
  const later = (): number => Date.now() + MINUTE

  it.each<[string, unknown]>([
    ['no rows', undefined],
    ['an object', {}],
    ['malformed rows', [null]],
    ['numbers', [1]],
    ['another number', [{ one: 2 }]],
    ['a string', [{ one: 'yes' }]],
    ['an empty row', [{}]],
  ])('that answers with %s makes calls reject with ERR_STORE_UNAVAILABLE', async (_, answer) => {
    // The answers to sweeping don't matter.
    let asked = 0
    const client = sqlite(() => (asked++ < 2 ? [] : answer))
    await expectCode('ERR_STORE_UNAVAILABLE', () => sqlReplay(client).use('a', later()))
    await expectCode('ERR_STORE_UNAVAILABLE', () => sqlRevocation(sqlite(() => answer)).isRevoked(signed()))
  })

  const deviceRow = (time: unknown): unknown[] => ['a', 'id', 'did:key:z', '{}', null, time, time, time]

  it.each(['', ' ', '1e3', 'soon', Number.NaN, 0.5, true, [], {}, undefined])(
    'that returns %j as a time makes calls reject',
    async (time) => {
      const devices = sqlDevices(sqlite(() => [deviceRow(time)]))
      await expectCode('ERR_STORE_UNAVAILABLE', () => devices.list('a'))
    },
  )

  it.each<[unknown, number]>([
    [1_700_000_000_000, 1_700_000_000_000],
    ['1700000000000', 1_700_000_000_000],
    [1_700_000_000_000n, 1_700_000_000_000],
    [null, Number.POSITIVE_INFINITY],
  ])('that returns %s as a time is accepted', async (time, milliseconds) => {
    const [device] = await sqlDevices(sqlite(() => [deviceRow(time)])).list('a')
    expect(device?.expiresAt).toBe(milliseconds)
  })

  it('that returns other columns, or anything but texts in those of texts, makes calls reject', async () => {
    const row = deviceRow(1)
    const list = (answer: unknown[]) => sqlDevices(sqlite(() => [answer])).list('a')
    expect(await list(row)).toMatchObject([{ account: 'a', id: 'id' }])
    for (const answer of [row.slice(0, 7), [...row, 1]])
      await expectCode('ERR_STORE_UNAVAILABLE', async () => list(answer))
    for (const i of [0, 1, 2, 3])
      for (const value of [null, 5])
        await expectCode('ERR_STORE_UNAVAILABLE', async () =>
          list(row.map((each, at) => (at === i ? value : each))),
        )
  })

  it('that returns numbers as BigInt, or rows as lists, is accepted', async () => {
    for (const row of [{ one: 1n }, [1], ['1'], { one: '1' }])
      expect(await sqlReplay(sqlite(() => [row])).use('a', later())).toBe(true)
    expect(await sqlReplay(sqlite(() => [])).use('a', later())).toBe(false)
  })

  it('is not asked about an expiry that is no finite number, which is a TypeError', async () => {
    const all = vi.fn(() => [{ one: 1 }])
    const { use } = sqlReplay(sqlite(all))
    for (const end of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(await failureOf(() => use('a', end))).toBeInstanceOf(TypeError)
    expect(all).not.toHaveBeenCalled()
    expect(await use('a', later() + 0.5)).toBe(true)
  })

  it('is asked to delete expired rows on the first use, and again after ten seconds', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    const all = vi.fn(() => [{ one: 1 }])
    try {
      const { use } = sqlReplay(sqlite(all))
      for (const [time, statements] of [
        [0, 3],
        [9999, 1],
        [10_000, 3],
        [10_000, 1],
      ] as const) {
        clock.mockReturnValue(time)
        all.mockClear()
        await use('a', later())
        expect(all).toHaveBeenCalledTimes(statements)
      }
    } finally {
      clock.mockRestore()
    }
  })

  it.each(['inTransaction', 'isTransaction'])(
    'of SQLite with an open transaction (%s) is refused',
    async (name) => {
      const client = sqlite(() => [{ one: 1 }], { [name]: true })
      const error = await expectCode('ERR_STORE_UNAVAILABLE', () => sqlReplay(client).use('a', later()))
      expect(String(error.cause)).toContain('its own connection')
    },
  )

  it.each([
    ['is locked', 'database is locked', 'busy_timeout = 2000, or find the transaction that stays open'],
    [
      'is read-only',
      'attempt to write a readonly database',
      'let this process write the file and its folder',
    ],
    ['is damaged', 'database disk image is malformed', 'check that it is running'],
  ])('of SQLite whose file %s says in the error what to do', async (_, reason, advice) => {
    const client = sqlite(() => {
      throw new Error(reason)
    })
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () => sqlReplay(client).use('a', later()))
    expect(message).toContain(`(${reason}): `)
    expect(message).toContain(advice)
  })
})

describe('options of the SQL stores', () => {
  const client = { prepare: () => ({ all: () => [] }), exec: () => undefined, pragma: () => undefined }
  it.each<[string, Record<string, unknown>]>([
    ['a misspelt name', { table: 'used' }],
    ['a prefix with a quote', { prefix: 'a"; DROP TABLE users; --' }],
    ['an empty prefix', { prefix: '' }],
    ['a prefix in upper case', { prefix: 'App_' }],
    ['a prefix that is too long', { prefix: 'a'.repeat(41) }],
    ['a prefix that is a list', { prefix: ['app_'] }],
    ['a number for a clock', { now: 5 }],
  ])('with %s throw a TypeError', async (_, options) => {
    for (const make of [sqlReplay, sqlRevocation, sqlDevices])
      expect(await failureOf(() => make(client, options))).toBeInstanceOf(TypeError)
  })

  it.each([0, -1, 1.5, Number.NaN, '5'])(
    'for devices throw a TypeError for a maxPerAccount of %j',
    async (maxPerAccount) => {
      expect(
        await failureOf(() => sqlDevices(client, { maxPerAccount: maxPerAccount as number })),
      ).toBeInstanceOf(TypeError)
    },
  )

  it('are checked in the same way by sqlMigration', async () => {
    for (const prefix of ['', 'a b', 'a;b', 'a.b.c', 'A_'])
      expect(await failureOf(() => sqlMigration('postgres', { prefix }))).toBeInstanceOf(TypeError)
    for (const dialect of ['mysql', 'Postgres', '', undefined])
      expect(await failureOf(() => sqlMigration(dialect as 'sqlite'))).toBeInstanceOf(TypeError)
    expect(sqlMigration('sqlite', { prefix: 'app_' })).toContain('CREATE TABLE IF NOT EXISTS app_used')
  })
})
