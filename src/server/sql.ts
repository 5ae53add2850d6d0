import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../base/bytes.js'
import { type Clock, clockOption, latestTime, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { toBase64url } from '../base/multibase.js'
import { countOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import type { DeviceStore, SeenDevice } from '../http/devices.js'
import type { ReplayStore } from '../http/replay.js'
import {
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import {
  booleanOf,
  type Database,
  databaseOf,
  prefixOption,
  type SQLClient,
  type SQLTables,
  tablesOf,
  textValue,
  timeOf,
} from './sql-client.js'

export type { AccountInput } from '../base/account.js'
export type { Clock } from '../base/environment.js'
export type { Cacao } from '../capability/cacao.js'
export type { DeviceStore, SeenDevice } from '../http/devices.js'
export type { ReplayStore } from '../http/replay.js'
export type { RevocationStore } from '../http/revocation.js'
export {
  type PgClient,
  type PostgresClient,
  type SQLClient,
  type SQLDialect,
  type SQLiteClient,
  type SQLMigrationOptions,
  sqlMigration,
} from './sql-client.js'

/** Options of the stores in an SQL database. */
export interface SQLStoreOptions {
  /** The prefix of the tables' names, the same as for `sqlMigration`; `cacao_session_` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const STORE_OPTIONS: ReadersOf<SQLStoreOptions> = {
  prefix: setting(prefixOption),
  now: setting(clockOption),
}

const DEVICES_OPTIONS: ReadersOf<SQLDevicesOptions> = {
  ...STORE_OPTIONS,
  maxPerAccount: setting(countOption),
}

interface SQLStore {
  readonly db: Database
  readonly tables: SQLTables
  readonly now: Clock
}

function sqlStore(client: SQLClient, { prefix, now = systemClock }: SQLStoreOptions): SQLStore {
  return { db: databaseOf(client), tables: tablesOf(prefix), now }
}

const REPLAY_MARGIN_MS = 60_000
const REVOCATION_MARGIN_MS = 86_400_000

/**
 * Remembers used requests in a table, for all servers that share the database, with one statement for each: the server that inserts
 * the id uses the request. Takes a client of Postgres or SQLite. Create the table with `sqlMigration`. Throws a `TypeError`
 * for any other client or a wrong option.
 *
 * While the database can't be reached, `use` rejects with `ERR_STORE_UNAVAILABLE`, and requests are refused.
 *
 * `use` also removes rows that expired more than a minute ago, both by the clock of this process and by that of the database, at most
 * 1000 at a time. The database records up to which expiry rows were removed, and a request that expires before that never counts as
 * new, even if a clock is wrong. Pass a pool or a separate connection, because the rollback of an open transaction would also undo
 * what the store has written.
 *
 * @example
 * const pool = new Pool({ connectionString }) // of the package pg
 * pool.on('error', console.error) // without a listener, an error ends the process
 * app.use('/api/*', requireSession({ ...options, replay: sqlReplay(pool) }))
 */
export function sqlReplay(client: SQLClient, options: SQLStoreOptions = {}): ReplayStore {
  const { db, tables, now } = sqlStore(client, readOptions<SQLStoreOptions>(options, STORE_OPTIONS))
  const clock = latestTime(now)
  const sweep = sweeper(db, tables.used, { now, marginMs: REPLAY_MARGIN_MS })
  const insert = `INSERT INTO ${tables.used} (id, expires_at) SELECT CAST(? AS text), CAST(? AS bigint)
    WHERE NOT EXISTS (SELECT 1 FROM ${tables.used} WHERE id = '' AND expires_at >= ?)
    ON CONFLICT (id) DO NOTHING RETURNING 1`
  return {
    async use(id, expiresAt) {
      if (!Number.isSafeInteger(Math.ceil(expiresAt)))
        throw new TypeError('expiresAt must be a time in milliseconds')
      // False if the clock gives NaN.
      if (!(expiresAt > clock())) return false
      await sweep()
      const until = Math.ceil(expiresAt)
      const rows = await db.run(insert, [rowId(id), until, until])
      return rows.length === 1 && booleanOf(rows[0]?.[0])
    },
  }
}

// A hash: it has a fixed length, does not reveal the session key, and has only letters that no collation or encoding changes.
function rowId(id: string): string {
  return toBase64url(sha256(utf8(id)))
}

/**
 * Keeps revocations in two tables, for all servers that share the database. Takes a client of Postgres or SQLite. Create the tables
 * with `sqlMigration`. Throws a `TypeError` for any other client or a wrong option.
 *
 * A revoked capability is kept until a day after it has expired; the revocation of an account is kept forever. The methods reject with
 * `ERR_STORE_UNAVAILABLE` while the database can't be reached. If the database has replicas, pass a client of the primary: on a
 * replica, a revocation takes effect late.
 *
 * @example
 * const revocation = sqlRevocation(pool)
 * await revocation.revoke(caller.cacao) // this session is signed out
 */
export function sqlRevocation(client: SQLClient, options: SQLStoreOptions = {}): RevocationStore {
  const { db, tables, now } = sqlStore(client, readOptions<SQLStoreOptions>(options, STORE_OPTIONS))
  const sweep = sweeper(db, tables.revoked, { now, marginMs: REVOCATION_MARGIN_MS })
  return {
    async revoke(capability) {
      const { id, until } = revokedCapability(capability)
      await sweep()
      await db.run(
        `INSERT INTO ${tables.revoked} (id, expires_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING RETURNING 1`,
        [id, Number.isFinite(until) ? until : null],
      )
    },
    async revokeAll(input, moment = new Date(now())) {
      const { account, before } = revokedAccount(input, moment)
      await db.run(
        `INSERT INTO ${tables.signedOut} AS kept (account, before) VALUES (?, ?)
          ON CONFLICT (account) DO UPDATE SET before = excluded.before WHERE excluded.before > kept.before RETURNING 1`,
        [account, before],
      )
    },
    async isRevoked(cacao) {
      const { id, accounts, issuedAt, expiresAt } = await revocationKeys(cacao)
      // The revocation of a capability that expires before the mark may have been removed, so it counts as revoked.
      const rows = await db.run(
        `SELECT CASE WHEN EXISTS (SELECT 1 FROM ${tables.revoked} WHERE id = ? OR (id = '' AND expires_at >= ?))
          OR EXISTS (SELECT 1 FROM ${tables.signedOut} WHERE account IN (${accounts.map(() => '?').join(', ')}) AND before >= ?)
          THEN 1 ELSE 0 END AS revoked`,
        [id, Number.isFinite(expiresAt) ? expiresAt : Number.MAX_SAFE_INTEGER, ...accounts, issuedAt],
      )
      return booleanOf(rows[0]?.[0])
    },
  }
}

const SWEEP_ROWS = 1000
// Fewer than `SWEEP_ROWS`, so that up to twice as many rows can be removed as are added.
const SWEEP_AFTER_USES = 500
const SWEEP_AFTER_MS = 10_000

/**
 * Removes expired rows, at most 1000 at a time. The row with an empty id is the mark: rows that expire up to it may have been removed,
 * and must be treated as if they still existed. The mark is raised before rows are removed, and only rows that expired a margin before
 * it are removed, so that a statement that started earlier still sees them. The mark follows the slower of two clocks, the server's and
 * the database's, so that a single wrong clock can't remove rows too early.
 */
function sweeper(
  db: Database,
  table: string,
  { now, marginMs }: { readonly now: Clock; readonly marginMs: number },
): () => Promise<void> {
  const lesser = db.dialect === 'postgres' ? 'LEAST' : 'min'
  const remove = `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table}
    WHERE id <> '' AND expires_at <= (SELECT expires_at - ${marginMs} FROM ${table} WHERE id = '')
    LIMIT ${SWEEP_ROWS} ${db.skipLocked}) RETURNING 1`
  const mark = `INSERT INTO ${table} AS kept (id, expires_at) VALUES ('', ${lesser}(CAST(? AS bigint), ${db.now}) - ${marginMs})
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at WHERE excluded.expires_at > kept.expires_at RETURNING 1`
  let uses = SWEEP_AFTER_USES
  let sweptAt = Number.NEGATIVE_INFINITY
  return async () => {
    uses++
    const time = performance.now()
    if (uses < SWEEP_AFTER_USES && time - sweptAt < SWEEP_AFTER_MS) return
    uses = 0
    sweptAt = time
    await db.run(mark, [Math.floor(now())])
    await db.run(remove, [])
  }
}

/** Options of `sqlDevices`. */
export interface SQLDevicesOptions extends SQLStoreOptions {
  /** The number of sessions to keep for each account, those seen last; 100 by default. */
  maxPerAccount?: number
}

/**
 * Remembers devices in a table, for all servers that share the database. Takes a client of Postgres or SQLite. Create the table with
 * `sqlMigration`. The methods reject with `ERR_STORE_UNAVAILABLE` while the database can't be reached. Throws a `TypeError` for any
 * other client or a wrong option.
 *
 * @example
 * const devices = sqlDevices(pool)
 * app.use('/api/*', requireSession({ ...options, devices: { store: devices } }))
 */
export function sqlDevices(client: SQLClient, options: SQLDevicesOptions = {}): DeviceStore {
  const { maxPerAccount = 100, ...others } = readOptions<SQLDevicesOptions>(options, DEVICES_OPTIONS)
  const { db, tables, now } = sqlStore(client, others)
  const table = tables.devices
  const insert = `INSERT INTO ${table} AS kept
    (account, id, key_did, capability, name, first_seen, last_seen, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (account, id) DO UPDATE SET name = coalesce(excluded.name, kept.name),
    first_seen = CASE WHEN excluded.first_seen < kept.first_seen THEN excluded.first_seen ELSE kept.first_seen END,
    last_seen = CASE WHEN excluded.last_seen > kept.last_seen THEN excluded.last_seen ELSE kept.last_seen END
    RETURNING 1`
  // `remove` deletes the account's devices that exceed the maximum. `sweep` deletes expired devices of all accounts, because their
  // persons may never come back.
  const remove = `DELETE FROM ${table} WHERE (account, id) IN (SELECT account, id FROM ${table} WHERE account = ?
    ORDER BY last_seen DESC LIMIT ${SWEEP_ROWS} OFFSET ${maxPerAccount} ${db.skipLocked}) RETURNING 1`
  const sweep = `DELETE FROM ${table} WHERE (account, id) IN (SELECT account, id FROM ${table} WHERE expires_at <= ?
    ORDER BY expires_at LIMIT ${SWEEP_ROWS} ${db.skipLocked}) RETURNING 1`
  return {
    async seen({ account, id, keyDID, capability, name = null, firstSeen, lastSeen, expiresAt }) {
      const until = Number.isFinite(expiresAt) ? expiresAt : null
      const times = [Math.floor(firstSeen), Math.floor(lastSeen), until]
      await db.run(insert, [account, id, keyDID, capability, name, ...times])
      await db.run(remove, [account])
      await db.run(sweep, [Math.floor(now())])
    },
    async list(account) {
      const rows = await db.run(
        `SELECT account, id, key_did, capability, name, first_seen, last_seen, expires_at FROM ${table}
          WHERE account = ? AND (expires_at IS NULL OR expires_at > ?)`,
        [account, Math.floor(now())],
      )
      return rows.map(deviceOf)
    },
    async remove(account, id) {
      await db.run(`DELETE FROM ${table} WHERE account = ? AND id = ? RETURNING 1`, [account, id])
    },
  }
}

function deviceOf(row: readonly unknown[]): SeenDevice {
  if (row.length !== 8)
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      'the database gave a row with unexpected columns: check that its tables are those of sqlMigration',
    )
  const [account, id, keyDID, capability, name, firstSeen, lastSeen, expiresAt] = row
  return {
    account: textValue(account),
    id: textValue(id),
    keyDID: textValue(keyDID),
    capability: textValue(capability),
    ...(name !== null && { name: textValue(name) }),
    firstSeen: timeOf(firstSeen),
    lastSeen: timeOf(lastSeen),
    expiresAt: timeOf(expiresAt),
  }
}
