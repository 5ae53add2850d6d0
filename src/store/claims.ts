import type { Claim, Connection } from './connection.js'

// The one store of the database where what is neither session nor key may lie.
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
  return connection.use(async (database) => {
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
  await connection.use(async (database) => {
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
  await connection.use((database) => database.put(STORE, Date.now(), ['declined', name]))
}

/** Whether the person has declined it since a time (milliseconds since 1970). */
export async function wasDeclined(connection: Connection, name: string, since: number): Promise<boolean> {
  const time: unknown = await connection.use((database) => database.get(STORE, ['declined', name]))
  return typeof time === 'number' && time > since
}

function claimOf(value: unknown): Claim | undefined {
  const { holder, since } = (value ?? {}) as { [name in keyof Claim]?: unknown }
  return typeof holder === 'string' && typeof since === 'number' ? { holder, since } : undefined
}
