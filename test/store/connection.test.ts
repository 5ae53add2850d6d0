import { wrap } from 'idb'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Connection } from '../../src/store/indexeddb-connection.js'
import { expectCode } from '../setup/expect-code.js'

const NAME = 'stuck'
const read = (connection: Connection): Promise<unknown> =>
  connection.use((database) => wrap(database).get('last', 'default'))

let letGo: () => void = () => undefined
let connection: Connection
beforeEach(async () => {
  connection = new Connection(NAME, 2000, 250)
  await read(connection)
})
afterEach(async () => {
  letGo()
  const request = indexedDB.deleteDatabase(NAME)
  await new Promise((resolve) => {
    request.onsuccess = resolve
  })
})

/** What a tab does that was frozen while it wrote: it keeps everyone else from the database. */
async function hold(): Promise<void> {
  const other = new Connection(NAME, 2000)
  const database = wrap(await other.open())
  const { store, done } = database.transaction('last', 'readwrite')
  let isHeld = true
  const holding = (async () => {
    while (isHeld) await store.get('default')
    await done
  })()
  letGo = () => {
    isHeld = false
  }
  holding.catch(() => undefined)
}

it('gives up what another tab keeps it from, sooner each time, and goes on once it can', async () => {
  await hold()
  const start = performance.now()
  const error = await expectCode('ERR_STORE_UNAVAILABLE', () => read(connection))
  const first = performance.now() - start
  expect(error.cause).toBeUndefined()
  expect(first).toBeGreaterThanOrEqual(200)
  await expectCode('ERR_STORE_UNAVAILABLE', () => read(connection))
  expect(performance.now() - start - first).toBeLessThan(first)
  letGo()
  let answers = false
  while (!answers)
    answers = await read(connection).then(
      () => true,
      () => false,
    )
})

it('tells work that nobody waits for it any more', async () => {
  await hold()
  let isLate = false
  await expectCode('ERR_STORE_UNAVAILABLE', () =>
    connection.use((database, onLate) => {
      onLate(() => {
        isLate = true
      })
      return wrap(database).get('last', 'default')
    }),
  )
  expect(isLate).toBe(true)
})
