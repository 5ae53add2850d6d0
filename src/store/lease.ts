import { type IDBPDatabase, wrap } from 'idb'
import type { Connection } from './indexeddb-connection.js'
/** Who has taken a name, and since when (milliseconds since 1970). */
export interface Claim {
  readonly holder: string
  readonly since: number
}

// The one store of the database where what is neither session nor key may lie: under keys that are no namespaces, as those
// are strings.
const STORE = 'last'

/**
 * Takes a name, unless another holder has it and whoever asks finds that this isn't over: says whether it did. One
 * transaction, so that one wins.
 */
export async function claim(
  connection: Connection,
  name: string,
  holder: string,
  isOver: (current: Claim) => boolean,
): Promise<boolean> {
  return using(connection, async (database) => {
    const transaction = database.transaction(STORE, 'readwrite')
    // It rejects too when a request does, which is awaited first.
    transaction.done.catch(() => undefined)
    const current = claimOf(await transaction.store.get(['claim', name]))
    const isFree = !current || current.holder === holder || isOver(current)
    if (isFree) await transaction.store.put({ holder, since: Date.now() }, ['claim', name])
    await transaction.done
    return isFree
  })
}

/** Gives the name back, if the holder has it. */
export async function release(connection: Connection, name: string, holder: string): Promise<void> {
  await using(connection, async (database) => {
    const transaction = database.transaction(STORE, 'readwrite')
    // It rejects too when a request does, which is awaited first.
    transaction.done.catch(() => undefined)
    const current = claimOf(await transaction.store.get(['claim', name]))
    if (current?.holder === holder) await transaction.store.delete(['claim', name])
    await transaction.done
  })
}

/** Notes that the person has just declined what the name stands for. */
export async function noteDeclined(connection: Connection, name: string): Promise<void> {
  await using(connection, (database) => database.put(STORE, Date.now(), ['declined', name]))
}

/** Whether the person has declined it since a time (milliseconds since 1970). */
export async function wasDeclined(connection: Connection, name: string, since: number): Promise<boolean> {
  const time: unknown = await using(connection, (database) => database.get(STORE, ['declined', name]))
  return typeof time === 'number' && time > since
}

function using<T>(connection: Connection, work: (database: IDBPDatabase) => Promise<T>): Promise<T> {
  return connection.use((database) => work(wrap(database)))
}

function claimOf(value: unknown): Claim | undefined {
  const { holder, since } = (value ?? {}) as { [name in keyof Claim]?: unknown }
  return typeof holder === 'string' && typeof since === 'number' ? { holder, since } : undefined
}
