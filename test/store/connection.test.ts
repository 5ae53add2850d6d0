import { wrap } from 'idb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Connection } from '../../src/store/indexeddb-store.js'
import { expectCode } from '../setup/expect-code.js'

const NAME = 'stuck'
const WORK_MS = 5000
const read = (connection: Connection): Promise<unknown> =>
  connection.use((database) => wrap(database).get('last', 'default'))

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

let letGo: () => void = () => undefined
let connection: Connection
beforeEach(async () => {
  // Waits for the database use an interval, and its time passes only when a test advances it.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  connection = new Connection(NAME, 60_000, WORK_MS)
  await read(connection)
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  letGo()
  const request = indexedDB.deleteDatabase(NAME)
  await new Promise((resolve) => {
    request.onsuccess = resolve
  })
})

/** Blocks the database for all others, as a tab does that was frozen while it wrote. */
async function hold(): Promise<void> {
  const other = new Connection(NAME, 60_000)
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

/** Expects that the work is refused after exactly this time, and returns the error. */
async function refusedAfter(ms: number, work: () => Promise<unknown>): Promise<Error> {
  let isOver = false
  const refused = expectCode('ERR_STORE_UNAVAILABLE', work).finally(() => {
    isOver = true
  })
  while (vi.getTimerCount() === 0) await Promise.resolve()
  vi.advanceTimersByTime(ms - 1)
  await turn()
  expect(isOver).toBe(false)
  vi.advanceTimersByTime(1)
  return refused
}

it('gives up while another tab holds the database, sooner each time, and works once it is free', async () => {
  await hold()
  const error = await refusedAfter(WORK_MS, () => read(connection))
  expect(error.cause).toBeUndefined()
  await refusedAfter(WORK_MS / 20, () => read(connection))
  letGo()
  let answers = false
  while (!answers) {
    let isSettled = false
    const reading = read(connection)
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        isSettled = true
      })
    // Give the database time to answer before the clock advances: a busy engine needs more than one turn.
    for (let turns = 0; turns < 100 && !isSettled; turns++) await turn()
    vi.advanceTimersByTime(WORK_MS)
    answers = await reading
  }
})

it('calls onLate once the caller no longer waits', async () => {
  await hold()
  let isLate = false
  await refusedAfter(WORK_MS, () =>
    connection.use((database, onLate) => {
      onLate(() => {
        isLate = true
      })
      return wrap(database).get('last', 'default')
    }),
  )
  expect(isLate).toBe(true)
})

it('opens one new connection for all callers whose connection was lost', async () => {
  ;(await connection.open()).close()
  const open = vi.spyOn(IDBFactory.prototype, 'open')
  await Promise.all([read(connection), read(connection), read(connection)])
  expect(open).toHaveBeenCalledTimes(1)
})

it('closes the connection of work that fails, and gives up when the work fails again', async () => {
  const before = await connection.open()
  const error = await expectCode('ERR_STORE_UNAVAILABLE', () =>
    connection.use(async (database) => {
      database.close()
      return wrap(database).get('last', 'default')
    }),
  )
  expect((error.cause as Error).name).toBe('InvalidStateError')
  expect(() => before.transaction('last')).toThrow()
})

it('keeps the new connection when the close of the lost one is reported late', async () => {
  const lost = await connection.open()
  lost.close()
  const openDatabase = IDBFactory.prototype.open
  const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(function (
    this: IDBFactory,
    ...args
  ) {
    lost.onclose?.call(lost, new Event('close'))
    const request = openDatabase.apply(this, args)
    queueMicrotask(() => lost.onclose?.call(lost, new Event('close')))
    return request
  })
  await read(connection)
  await read(connection)
  expect(open).toHaveBeenCalledTimes(1)
})

it('opens a new connection after the browser has closed the current one', async () => {
  const closed = await connection.open()
  closed.close()
  closed.onclose?.call(closed, new Event('close'))
  const open = vi.spyOn(IDBFactory.prototype, 'open')
  await read(connection)
  expect(open).toHaveBeenCalledTimes(1)
})
