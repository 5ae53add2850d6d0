import type { Claim, Connection } from './connection.js'

// The one store of the database where what is neither session nor key may lie.
const STORE = 'last'

/** Takes a name until a time, unless another holder has it: says whether it did. One transaction, so that one wins. */
export async function claim(
  connection: Connection,
  name: string,
  holder: string,
  until: number,
): Promise<boolean> {
  return connection.use(async (database) => {
    const transaction = database.transaction(STORE, 'readwrite')
    // It rejects too when a request does, which is awaited first.
    transaction.done.catch(() => undefined)
    const current = claimOf(await transaction.store.get(['claim', name]))
    const isFree = !current || current.holder === holder || current.until <= Date.now()
    if (isFree) await transaction.store.put({ holder, until }, ['claim', name])
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

function claimOf(value: unknown): Claim | undefined {
  const { holder, until } = (value ?? {}) as { [name in keyof Claim]?: unknown }
  return typeof holder === 'string' && typeof until === 'number' ? { holder, until } : undefined
}
