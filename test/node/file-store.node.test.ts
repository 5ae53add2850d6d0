import { chmod, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { fileStore } from '../../src/node/file-store.js'
import { replaceFile } from '../../src/node/own-file.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { startModule } from '../setup/node-process.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const auth = (key = KEY_A) => ethereumAuth(key, undefined, { domain: 'app.example' })
const newPath = async (): Promise<string> => join(await temporaryFolder(), 'session.json')
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
const keysOf = (list: readonly { keyDID: string }[]): string[] => list.map(({ keyDID }) => keyDID).sort()

it('keeps a session that can be serialized, and reports its persistence', async () => {
  const store = fileStore(await newPath())
  const made = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
  const loaded = await DIDSession.load(undefined, { store, verifiers: ethereumVerifiers() })
  for (const session of [made, loaded]) {
    expect([session?.keyDID, session?.persistence, session?.isSerializable]).toEqual([
      made.keyDID,
      'file',
      true,
    ])
  }
  expect(await loaded?.sign(new Uint8Array(1))).toEqual(await made.sign(new Uint8Array(1)))
})

it('can be read only by its owner, and so can the folders that it creates', async () => {
  const folder = join(await temporaryFolder(), 'not', 'there')
  const path = join(folder, 'session.json')
  await fileStore(path).write('default', { last: { at: 1 } })
  expect(await Promise.all([path, folder, dirname(folder)].map(modeOf))).toEqual([0o600, 0o700, 0o700])
})

it('keeps the mode of an existing folder, and restricts an existing file', async () => {
  const path = await newPath()
  await chmod(dirname(path), 0o755)
  await writeFile(path, '', { mode: 0o644 })
  await fileStore(path).write('default', { last: { at: 1 } })
  expect([await modeOf(path), await modeOf(dirname(path))]).toEqual([0o600, 0o755])
})

it('replaces the file atomically: a reader sees the old or the new content', async () => {
  const path = await newPath()
  const store = fileStore(path)
  await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
  const before = await readFile(path, 'utf8')
  const reader = await open(path)
  await DIDSession.get(ACCOUNT_B, auth(KEY_B), { resources, store })
  expect(await reader.readFile('utf8')).toBe(before)
  await reader.close()
  expect((await readFile(path, 'utf8')).length).toBeGreaterThan(before.length)
  expect(await readdir(dirname(path))).toEqual(['session.json'])
})

it('changes nothing, and leaves no draft, if it can not replace the file', async () => {
  const [path, draft] = [await newPath(), `${await newPath()}.draft`]
  await writeFile(path, 'before')
  const refuse = () => Promise.reject(new Error('refused'))
  expect(await failureOf(() => replaceFile(path, draft, 'after', refuse))).toMatchObject({
    message: 'refused',
  })
  expect(await readFile(path, 'utf8')).toBe('before')
  expect(await readdir(dirname(draft))).toEqual([])
})

it.each([
  ['absent', undefined],
  ['empty', ''],
])('treats a file that is %s as signed out', async (_, content) => {
  const path = await newPath()
  if (content !== undefined) await writeFile(path, content)
  const store = fileStore(path)
  expect(await DIDSession.load(undefined, { store })).toBeUndefined()
  expect(await DIDSession.list({ store })).toEqual([])
  expect(await DIDSession.explain(ACCOUNT_A, resources, { store })).toEqual({ status: 'none' })
  const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
  expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(session.keyDID)
})

it('creates no file when it only reads', async () => {
  const folder = join(await temporaryFolder(), 'not-there')
  await DIDSession.load(undefined, { store: fileStore(join(folder, 'session.json')) })
  expect(await readdir(dirname(folder))).toEqual([])
})

it.each<[name: string, change: (text: string) => string]>([
  ['garbage', () => '\u0000\u0000'],
  ['a line', () => '\n'],
  ['JSON of another program', () => '{"user":"someone"}'],
  ['a list', () => '[]'],
  ['the format of a later version', (text) => text.replace('cacao-session 1', 'cacao-session 2')],
  ['additional members', (text) => text.replace('{', '{"more":1,')],
  ['no namespaces', () => '{"format":"cacao-session 1"}'],
  ['a list for namespaces', () => '{"format":"cacao-session 1","namespaces":[]}'],
  ['only its first part', (text) => text.slice(0, -20)],
  ['a session without its key', (text) => text.replace('sessionKeySeed', 'sessionKeySeeds')],
  ['an invalid session', (text) => text.replace('"iat"', '"at"')],
])('rejects, and never writes, if the file holds %s', async (_, change) => {
  const path = await newPath()
  const store = fileStore(path)
  await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
  const content = change(await readFile(path, 'utf8'))
  await writeFile(path, content)
  const wallet = testWallet()
  const ask = ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
  for (const work of [
    () => DIDSession.load(undefined, { store }),
    () => DIDSession.get(ACCOUNT_A, ask, { resources, store }),
    () => DIDSession.remove(ACCOUNT_A, { store }),
    () => store.write('default', { last: { at: 1 } }),
    () => store.write('other', { last: { at: 1 } }),
  ]) {
    const { message } = await expectCode('ERR_STORE_CORRUPT', work)
    expect(message).toContain(path)
  }
  expect(wallet.prompts).toBe(0)
  expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { store })).toBe(false)
  expect(await readFile(path, 'utf8')).toBe(content)
  expect(await readdir(dirname(path))).toEqual(['session.json'])
})

it('keeps namespaces apart, with any names', async () => {
  const path = await newPath()
  const store = fileStore(path)
  const names = ['default', 'admin', '__proto__', 'constructor', '../ü "\n']
  const sessions = names.map((namespace) =>
    DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace }),
  )
  const keys = (await Promise.all(sessions)).map(({ keyDID }) => keyDID)
  expect(new Set(keys).size).toBe(names.length)
  for (const [i, namespace] of names.entries())
    expect((await DIDSession.load(undefined, { store, namespace }))?.keyDID).toBe(keys[i])
  await DIDSession.remove(ACCOUNT_A, { store, namespace: '__proto__' })
  expect(await DIDSession.load(undefined, { store, namespace: '__proto__' })).toBeUndefined()
  expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(keys[0])
})

it('keeps no key after a sign-out', async () => {
  const path = await newPath()
  const store = fileStore(path)
  const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
  expect(await readFile(path, 'utf8')).toContain('sessionKeySeed')
  await session.remove()
  expect(await readFile(path, 'utf8')).not.toContain('sessionKeySeed')
  await store.write('other', { remove: [{ account: ACCOUNT_A }] })
  expect(await readFile(path, 'utf8')).not.toContain('other')
})

it('returns the same store for the same file', async () => {
  const path = await newPath()
  expect(fileStore(path)).toBe(fileStore(relative(process.cwd(), path)))
  expect(fileStore(path)).not.toBe(fileStore(`${path}2`))
  for (const wrong of ['', undefined, 7, new URL(`file://${path}`)])
    expect(await failureOf(() => fileStore(wrong as never))).toBeInstanceOf(TypeError)
})

it('shows changes of one process to the others at once', async () => {
  const path = await newPath()
  await mkdir(dirname(path), { recursive: true })
  const store = fileStore(path)
  const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
  const renewed = await startModule(RENEWER, path).end()
  expect(renewed).not.toBe(session.keyDID)
  expect(keysOf(await DIDSession.list({ store }))).toEqual([renewed])
  await DIDSession.remove(ACCOUNT_A, { store })
  expect(await startModule(RENEWER, path).end()).toBe('signed out')
})

it('loses nothing when several processes write at the same time', async () => {
  const path = await newPath()
  const processes = [1, 2, 3].map(() => startModule(WRITER, path).end())
  const written = (await Promise.all(processes)).flatMap((printed) => printed.split('\n'))
  expect(written).toHaveLength(60)
  expect(keysOf(await DIDSession.list({ store: fileStore(path) }))).toEqual(written.sort())
  expect(await readdir(dirname(path))).toEqual(['session.json'])
})

const IMPORTS = `
  import { DIDSession } from 'cacao-session'
  import { ethereumAuth } from 'cacao-session/ethereum'
  import { fileStore } from 'cacao-session/node'
  const store = fileStore(process.argv[1])
  const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example' })`
const RENEWER = `${IMPORTS}
  const session = await DIDSession.load(undefined, { store })
  const renewed = await session?.renew(auth)
  console.log(renewed?.keyDID ?? 'signed out')`
const WRITER = `${IMPORTS}
  const write = (_, i) => DIDSession.get('${ACCOUNT_A}', auth, { resources: ['a:' + process.pid + ':' + i], store })
  for (const { keyDID } of await Promise.all(Array.from({ length: 20 }, write))) console.log(keyDID)`
