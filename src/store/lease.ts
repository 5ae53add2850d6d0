import { type IDBPDatabase, wrap } from 'idb'
import type { SessionDatabase } from './store.js'

/** Who holds a lease, and since when (milliseconds since 1970). */
export interface Lease {
  readonly holder: string
  readonly since: number
}

// The one object store that may hold what is neither session nor key. Its other keys are namespaces, which are strings, so
// these are arrays.
const STORE = 'last'

/**
 * Takes the lease of this name and says whether it did: not if another holder has it, unless `isOver` says that this one no
 * longer counts. All happens in one transaction, so that only one of several tabs gets it.
 */
export async function takeLease(
  database: SessionDatabase,
  name: string,
  holder: string,
  isOver: (current: Lease) => boolean,
): Promise<boolean> {
  return using(database, async (db) => {
    const transaction = db.transaction(STORE, 'readwrite')
    // This rejects together with a request that fails, which is awaited first.
    transaction.done.catch(() => undefined)
    const current = leaseOf(await transaction.store.get(['lease', name]))
    const isFree = !current || current.holder === holder || isOver(current)
    if (isFree) await transaction.store.put({ holder, since: Date.now() }, ['lease', name])
    await transaction.done
    return isFree
  })
}

/** Gives the lease back, if the holder has it. */
export async function releaseLease(database: SessionDatabase, name: string, holder: string): Promise<void> {
  await using(database, async (db) => {
    const transaction = db.transaction(STORE, 'readwrite')
    // This rejects together with a request that fails, which is awaited first.
    transaction.done.catch(() => undefined)
    const current = leaseOf(await transaction.store.get(['lease', name]))
    if (current?.holder === holder) await transaction.store.delete(['lease', name])
    await transaction.done
  })
}

/** Notes that the person has just declined what the name stands for. */
export async function noteDeclined(database: SessionDatabase, name: string): Promise<void> {
  await using(database, (db) => db.put(STORE, Date.now(), ['declined', name]))
}

/** Whether the person has declined it since a time (milliseconds since 1970). */
export async function wasDeclined(database: SessionDatabase, name: string, since: number): Promise<boolean> {
  const time: unknown = await using(database, (db) => db.get(STORE, ['declined', name]))
  return typeof time === 'number' && time > since
}

function using<T>(database: SessionDatabase, work: (db: IDBPDatabase) => Promise<T>): Promise<T> {
  return database.use((db) => work(wrap(db)))
}

function leaseOf(value: unknown): Lease | undefined {
  const { holder, since } = (value ?? {}) as { [name in keyof Lease]?: unknown }
  return typeof holder === 'string' && typeof since === 'number' ? { holder, since } : undefined
}
