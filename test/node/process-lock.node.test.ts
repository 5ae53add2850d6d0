import { readdir, readFile, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { fileStore } from '../../src/node/file-store.js'
import { processOf, processToken, withLock } from '../../src/node/process-lock.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { expectCode } from '../setup/expect-code.js'
import { startModule } from '../setup/node-process.js'

// For locks that must not be got: long enough for several attempts.
const PATIENCE_MS = 60
const FAR_BACK = new Date(Date.now() - 60_000)

const newLock = async (): Promise<string> => join(await temporaryFolder(), 'session.json.lock')
const beside = async (path: string): Promise<string[]> => (await readdir(dirname(path))).sort()
const take = async (path: string, patienceMs?: number): Promise<string> =>
  withLock(path, async () => 'had', patienceMs)

/** The token of a process that has ended. */
const deadToken = (): Promise<string> => startModule(`${IMPORTS}; console.log(processToken())`).end()
/** A token of a process on another machine. */
const foreignToken = (): string => processToken().replace(/^\w+/, '0123456789abcdef')

const IMPORTS = `
  import { processToken } from 'dist/node/process-lock.js'
  import { withLock } from 'dist/node/process-lock.js'`
const HOLDER = `${IMPORTS}
  await withLock(process.argv[1], async () => {
    console.log('held')
    for await (const _ of process.stdin);
  })`

it('is held by one caller at a time, and deleted afterwards', async () => {
  const path = await newLock()
  let [inside, most] = [0, 0]
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside)
    expect(await readFile(path, 'utf8')).toContain(`-${process.pid}-`)
    inside--
  }
  await Promise.all(Array.from({ length: 10 }, () => withLock(path, work)))
  expect([most, inside]).toEqual([1, 0])
  expect(await beside(path)).toEqual([])
})

it('is released if the work fails', async () => {
  const path = await newLock()
  await expect(withLock(path, () => Promise.reject(new Error('boom')))).rejects.toThrow('boom')
  expect(await beside(path)).toEqual([])
})

it('held by a living process is waited for, but only for a limited time', async () => {
  const path = await newLock()
  const holder = startModule(HOLDER, path)
  expect(await holder.next()).toBe('held')
  const before = await readFile(path, 'utf8')
  expect(processOf(before)).toBe('running')
  const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () => take(path, PATIENCE_MS))
  expect(message).toContain(path)
  expect(await readFile(path, 'utf8')).toBe(before)
  expect(await beside(path)).toEqual([basename(path)])
  const waiting = take(path)
  holder.endInput()
  expect(await waiting).toBe('had')
  expect(await beside(path)).toEqual([])
})

it('held by a killed process is broken', async () => {
  const path = await newLock()
  const holder = startModule(HOLDER, path)
  await holder.next()
  await holder.kill()
  expect(processOf(await readFile(path, 'utf8'))).toBe('gone')
  expect(await take(path)).toBe('had')
  expect(await beside(path)).toEqual([])
})

it('is broken by only one of many, and then held by one at a time', async () => {
  const path = await newLock()
  await writeFile(path, await deadToken())
  let [inside, most, done] = [0, 0, 0]
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside)
    await readFile(path)
    inside--
    done++
  }
  await Promise.all(Array.from({ length: 60 }, () => withLock(path, work)))
  expect([most, done]).toEqual([1, 60])
  expect(await beside(path)).toEqual([])
})

it('of a dead process whose id is in use again is broken', async () => {
  const path = await newLock()
  const [where, pid, start, random] = processToken().split('-')
  const ours = [where, pid, start, random].join('-')
  expect(processOf(ours)).toBe('running')
  const earlier = [where, pid, Number(start) - 1, random].join('-')
  // If the start time is unknown, the process that has this id now counts as the holder.
  expect(processOf(earlier)).toBe(start === '' ? 'running' : 'gone')
  await writeFile(path, earlier)
  if (start === '') await expectCode('ERR_STORE_UNAVAILABLE', () => take(path, PATIENCE_MS))
  else expect(await take(path)).toBe('had')
})

it.each<[what: string, content: () => string]>([
  ['of another machine', foreignToken],
  ['that a power failure emptied', () => ''],
  ['that a power failure made nothing of', () => '\0\0\0'],
])('%s is broken only after a long time', async (_, content) => {
  const path = await newLock()
  const lock = content()
  await writeFile(path, lock)
  await expectCode('ERR_STORE_UNAVAILABLE', () => take(path, PATIENCE_MS))
  expect(await readFile(path, 'utf8')).toBe(lock)
  expect(await beside(path)).toEqual([basename(path)])
  await utimes(path, FAR_BACK, FAR_BACK)
  expect(await take(path)).toBe('had')
  expect(await beside(path)).toEqual([])
})

it('file with unrelated content is never broken', async () => {
  const path = await newLock()
  await writeFile(path, 'someone’s notes')
  await utimes(path, FAR_BACK, FAR_BACK)
  const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () => take(path, PATIENCE_MS))
  expect(message).toContain('delete the lock')
  expect(await readFile(path, 'utf8')).toBe('someone’s notes')
  expect(await beside(path)).toEqual([basename(path)])
})

it('that was stolen is noticed, and the new holder’s lock is left alone', async () => {
  const path = await newLock()
  const other = processToken()
  const checked = withLock(path, async ({ check }) => {
    await check()
    await unlink(path)
    await writeFile(path, other)
    await check()
  })
  const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () => checked)
  expect(message).toContain('was broken')
  expect(await readFile(path, 'utf8')).toBe(other)
})

it('files left by dead processes are deleted when a store first writes', async () => {
  const path = await newLock()
  const file = path.replace(/\.lock$/, '')
  const [dead, living, foreign] = [await deadToken(), processToken(), foreignToken()]
  const left = [`${path}.of.${dead}`]
  const kept = [`${path}.of.${living}`, `${path}.of.${foreign}`, `${path}.of.notes`, `${file}.of.${dead}`]
  for (const name of [...left, ...kept]) await writeFile(name, '')
  await utimes(`${path}.of.notes`, FAR_BACK, FAR_BACK)
  await fileStore(file).write('default', { last: { at: 1 } })
  expect(await beside(path)).toEqual([file, ...kept].map((name) => basename(name)).sort())
  // The lock of another machine, held for longer than any process needs.
  await utimes(`${path}.of.${foreign}`, FAR_BACK, FAR_BACK)
  await rm(file)
  await startModule(WRITER, file).end()
  expect(await beside(path)).not.toContain(basename(`${path}.of.${foreign}`))
})

it('keeps a store waiting only as long as it is held', async () => {
  const path = await newLock()
  const store = fileStore(path.replace(/\.lock$/, ''))
  let written = Promise.resolve()
  await withLock(path, async () => {
    written = store.write('default', { last: { at: 1 } })
    while (!(await beside(path)).some((name) => name.includes('.of.')));
    expect(await store.readLast('default')).toBeUndefined()
  })
  await written
  expect(await store.readLast('default')).toEqual({ at: 1 })
})

const WRITER = `
  import { fileStore } from 'cacao-session/node'
  await fileStore(process.argv[1]).write('default', { last: { at: 2 } })`
