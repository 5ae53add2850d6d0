import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type SQLClient, sqlMigration, sqlReplay, sqlRevocation } from '../../src/server/sql.js'
import { expectCode } from '../setup/expect-code.js'
import { describePostgres, type PostgresServer, poolOf, startPostgres } from '../setup/postgres.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A } from '../setup/wallet.js'

describePostgres('a Postgres that aborts transactions in favour of others', () => {
  let server: PostgresServer
  let pool: pg.Pool
  beforeAll(async () => {
    server = await startPostgres()
    pool = poolOf({ connectionString: server.url })
    await pool.query(sqlMigration('postgres'))
  })
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  it.each(['repeatable read', 'serializable'])(
    'because its default is %s signs an account out, and accepts an id once',
    async (isolation) => {
      const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
      const strict = poolOf({ connectionString: server.url, options })
      const owner = await pool.connect()
      /** Runs the call while another transaction changes the same row, and commits. */
      const beside = async <T>(first: string, values: unknown[], call: () => Promise<T>): Promise<T> => {
        await owner.query('BEGIN')
        await owner.query(first, values)
        const answer = call()
        await vi.waitFor(async () => {
          const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
          expect((await pool.query(waiting)).rowCount).toBe(1)
        }, SOON)
        await owner.query('COMMIT')
        return answer
      }
      try {
        const { revokeAll } = sqlRevocation(strict)
        await revokeAll(ACCOUNT_A, new Date(1000))
        const change = 'UPDATE cacao_session_signed_out SET before = before + 1 WHERE account = $1'
        await beside(change, [ACCOUNT_A], () => revokeAll(ACCOUNT_A, new Date(2000)))
        const { rows } = await pool.query('SELECT before FROM cacao_session_signed_out')
        expect(rows).toEqual([{ before: '2000' }])

        const replay = sqlReplay(strict)
        const until = Date.now() + 60_000
        expect(await replay.use('first', until)).toBe(true)
        const { rows: used } = await pool.query(
          "DELETE FROM cacao_session_used WHERE id <> '' RETURNING id, expires_at",
        )
        const insert = 'INSERT INTO cacao_session_used (id, expires_at) VALUES ($1, $2)'
        const again = () =>
          beside(insert, [used[0].id, used[0].expires_at], async () => replay.use('first', until))
        expect(await again()).toBe(false)
      } finally {
        owner.release()
        await pool.query('TRUNCATE cacao_session_used, cacao_session_signed_out')
        await strict.end()
      }
    },
  )
})

/** A pool whose queries fail with the code, one after the other, until none is left. */
function failingPool(codes: string[]): { readonly client: SQLClient; readonly left: string[] } {
  const query = async (): Promise<{ rows: unknown[] }> => {
    const code = codes.shift()
    if (code === undefined) return { rows: [{ revoked: 1 }] }
    throw Object.assign(new Error(`it failed with ${code}`), { code })
  }
  return { client: { query, totalCount: 1 } as SQLClient, left: codes }
}

describe('a statement that a deadlock or a serialization failure undid', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('is run again, after pauses of random length', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const { client, left } = failingPool(['40P01', '40001', '40P01'])
    const revoking = sqlRevocation(client).revokeAll(ACCOUNT_A)
    for (const [pause, failures] of [
      [10, 2],
      [20, 1],
      [30, 0],
    ] as const) {
      await vi.advanceTimersByTimeAsync(pause - 1)
      expect(left).toHaveLength(failures)
      await vi.advanceTimersByTimeAsync(1)
    }
    await revoking
    expect(random).toHaveBeenCalledTimes(3)
  })

  it('is given up in the end, before a store counts as unavailable, and no other failure is tried again', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const always = failingPool(Array.from({ length: 100 }, () => '40001'))
    const refused = expectCode('ERR_STORE_UNAVAILABLE', () =>
      sqlRevocation(always.client).revokeAll(ACCOUNT_A),
    )
    await vi.advanceTimersByTimeAsync(1000)
    await refused
    expect(always.left).toHaveLength(90)
    // A timeout, and a connection that ended: the statement may have been run.
    for (const code of ['57014', '08006', '57P01']) {
      const once = failingPool([code])
      await expectCode('ERR_STORE_UNAVAILABLE', () => sqlRevocation(once.client).revokeAll(ACCOUNT_A))
      expect(vi.getTimerCount()).toBe(0)
    }
  })
})
