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
  type Database,
  databaseOf,
  prefixOption,
  type SQLClient,
  type SQLTables,
  tablesOf,
  textValue,
  timeOf,
  truthOf,
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
  /** What the names of the tables begin with, as `sqlMigration` was told; `cacao_session_` by default. */
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
 * Remembers used requests in a table, for all servers that share the database, with one statement for each: the first one that
 * inserts an id is the first use. Takes a client of Postgres or SQLite. Create the table with `sqlMigration`. Throws a `TypeError`
 * for another client or a wrong option.
 *
 * While the database can't be reached, `use` rejects with `ERR_STORE_UNAVAILABLE`, and requests are refused. What has expired for a
 * minute, by the clock of this process and that of the database, is removed by the way, at most 1000 rows at a time; up to where, is
 * written down in the database, and nothing that expires before that counts as new, whatever clocks do. Give it a pool, or a
 * connection of its own, because what is written within an open transaction is undone with it.
 *
 * @example
 * const pool = new Pool({ connectionString }) // of the package pg
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
      return rows.length === 1 && truthOf(rows[0]?.[0])
    },
  }
}

// Of one length, without the session key, and of letters that no collation or encoding changes.
function rowId(id: string): string {
  return toBase64url(sha256(utf8(id)))
}

/**
 * Keeps revocations in two tables, for all servers that share the database. Takes a client of Postgres or SQLite. Create the tables
 * with `sqlMigration`. Throws a `TypeError` for another client or a wrong option.
 *
 * A revoked capability is kept until a day after it has expired; the revocation of an account is kept forever. The methods reject with
 * `ERR_STORE_UNAVAILABLE` while the database can't be reached. If it has replicas, give it a client of the primary: elsewhere, a
 * revocation is seen late.
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
      // What expired before the mark may have been removed.
      const rows = await db.run(
        `SELECT CASE WHEN EXISTS (SELECT 1 FROM ${tables.revoked} WHERE id = ? OR (id = '' AND expires_at >= ?))
          OR EXISTS (SELECT 1 FROM ${tables.signedOut} WHERE account IN (${accounts.map(() => '?').join(', ')}) AND before >= ?)
          THEN 1 ELSE 0 END AS revoked`,
        [id, Number.isFinite(expiresAt) ? expiresAt : Number.MAX_SAFE_INTEGER, ...accounts, issuedAt],
      )
      return truthOf(rows[0]?.[0])
    },
  }
}

const SWEEP_ROWS = 1000
// Twice as many rows may be removed as are added.
const SWEEP_AFTER_USES = 500
const SWEEP_AFTER_MS = 10_000

/**
 * Removes expired rows in steps of at most 1000. The row with an empty id is the mark: what expires up to it may have been removed,
 * and must be taken as if it were still there. The mark is raised before anything is removed, and what is removed lies a margin
 * behind it, so that a statement that began before does not miss it. Both clocks must have passed a time before the mark does,
 * so that neither a server nor the database whose clock is wrong can do it alone.
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
  /** Sessions that are kept of one account, those that were seen last; 100 by default. */
  maxPerAccount?: number
}

/**
 * Remembers devices in a table, for all servers that share the database. Takes a client of Postgres or SQLite. Create the table with
 * `sqlMigration`. The methods reject with `ERR_STORE_UNAVAILABLE` while the database can't be reached. Throws a `TypeError` for another
 * client or a wrong option.
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
  // Those of the account that are too many, and some of other accounts, which may never come again.
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
      'the database gave a row with other columns than asked for',
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
