import { beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { DIDSession } from '../../src/session/did-session.js'
import { type StringStore, stringStore } from '../../src/store/string-store.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { type MapBackend, mapBackend } from '../setup/string-backends.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const ITEM = 'cacao-session:default'
const resources = ['https://api.example/notes/*']
const auth = (wallet = testWallet()) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
const encode = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)))

let genuine = ''
let serialized = ''
beforeAll(async () => {
  const backend = mapBackend()
  const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store: stringStore(backend) })
  genuine = backend.items.get(ITEM) ?? ''
  serialized = session.serialize()
})

interface Kept {
  readonly sessions: readonly [{ readonly sessionKeySeed: string; readonly cacao: { readonly p: object } }]
  readonly last: object
}
function changed(change: (kept: Kept) => object): string {
  const text = atob(genuine.replace(/-/g, '+').replace(/_/g, '/'))
  return encode({ ...JSON.parse(text), ...change(JSON.parse(text)) })
}

function backendOf(item: unknown): MapBackend {
  const backend = mapBackend()
  backend.items.set(ITEM, item as string)
  return backend
}

async function expectSignedOut(backend: StringStore): Promise<void> {
  const store = stringStore(backend)
  const options = { store, verifiers: ethereumVerifiers() }
  expect(await DIDSession.load(undefined, options)).toBeUndefined()
  expect(await DIDSession.load(ACCOUNT_A, options)).toBeUndefined()
  expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, options)).toBe(false)
}

describe('a backend whose content is', () => {
  it('unchanged loads the session', async () => {
    expect(await DIDSession.load(undefined, { store: stringStore(backendOf(genuine)) })).toBeDefined()
    const same = backendOf(changed(() => ({})))
    expect(await DIDSession.load(undefined, { store: stringStore(same) })).toBeDefined()
    const unused = backendOf(changed(() => ({ last: undefined })))
    expect(await DIDSession.load(ACCOUNT_A, { store: stringStore(unused) })).toBeDefined()
  })

  it.each<[name: string, item: () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['nothing', () => ''],
    ['a number', () => 7],
    ['an object', () => ({ sessions: [] })],
    ['a list', () => [genuine]],
    ['a symbol', () => Symbol('x')],
    ['garbage', () => '\u0000 garbage %'],
    ['JSON of another app', () => '{"user":"someone"}'],
    ['base64url of another app’s JSON', () => encode({ user: 'someone' })],
    ['a JWT', () => `${encode({ alg: 'none' })}.${encode({ sub: 'someone' })}.`],
    ['JSON that goes deep', () => toBase64url(utf8('['.repeat(200_000)))],
    ['a session of did-session', () => serialized],
    ['the format of a later version', () => changed(() => ({ later: true }))],
    ['no list of sessions', () => changed(() => ({ sessions: {} }))],
    ['a session without its key', () => changed(({ sessions: [{ cacao }] }) => ({ sessions: [{ cacao }] }))],
    [
      'the key without its session',
      () => changed(({ sessions: [{ sessionKeySeed }] }) => ({ sessions: [{ sessionKeySeed }] })),
    ],
    [
      'a key that is too short',
      () => changed(({ sessions: [session] }) => ({ sessions: [{ ...session, sessionKeySeed: 'AAAA' }] })),
    ],
    [
      'another key',
      () =>
        changed(({ sessions: [session] }) => ({
          sessions: [{ ...session, sessionKeySeed: `${'A'.repeat(43)}=` }],
        })),
    ],
    [
      'a longer life than was signed',
      () =>
        changed(({ sessions: [{ cacao, ...rest }] }) => ({
          sessions: [{ ...rest, cacao: { ...cacao, p: { ...cacao.p, exp: '2099-01-01T00:00:00Z' } } }],
        })),
    ],
    [
      'a good session beside a broken one',
      () => changed(({ sessions: [session] }) => ({ sessions: [session, { ...session, cacao: {} }] })),
    ],
    ['a list in place of a session', () => changed(({ sessions: [session] }) => ({ sessions: [[session]] }))],
    ['an invalid last use', () => changed(() => ({ last: { account: 7, at: 'now' } }))],
    ['a last use without a time', () => changed(({ last }) => ({ last: { ...last, at: undefined } }))],
    [
      'a last use by half an account',
      () => changed(({ last }) => ({ last: { ...last, keyDID: undefined } })),
    ],
    ['a last use by another half', () => changed(({ last }) => ({ last: { ...last, account: undefined } }))],
    ['a last use by a list', () => changed(({ last }) => ({ last: { ...last, account: [ACCOUNT_A] } }))],
    ['a note of signing out', () => changed(() => ({ sessions: [], last: { at: 1 } }))],
  ])('%s counts as signed out, and a new sign-in works', async (_, item) => {
    const backend = backendOf(item())
    await expectSignedOut(backend)
    const store = stringStore(backend)
    const wallet = testWallet()
    const options = { resources, store, verifiers: ethereumVerifiers() }
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), options)
    expect(wallet.prompts).toBe(1)
    expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(session.keyDID)
  })

  it('cut at any place or lengthened counts as signed out', async () => {
    for (let length = 0; length < genuine.length; length += 7)
      await expectSignedOut(backendOf(genuine.slice(0, length)))
    await expectSignedOut(backendOf(genuine.slice(0, -1)))
    await expectSignedOut(backendOf(`${genuine}A`))
    await expectSignedOut(backendOf(genuine.slice(1)))
  })

  it('a session with another key gives the status wrong-key, and one without a key none', async () => {
    const backend = backendOf(
      changed(({ sessions: [session] }) => ({
        sessions: [{ ...session, sessionKeySeed: `${'A'.repeat(43)}=` }],
      })),
    )
    expect(await DIDSession.explain(ACCOUNT_A, resources, { store: stringStore(backend) })).toEqual({
      status: 'wrong-key',
    })
    const short = backendOf(
      changed(({ sessions: [session] }) => ({
        sessions: [{ ...session, sessionKeySeed: 'AAAA' }],
        last: undefined,
      })),
    )
    expect(await DIDSession.explain(ACCOUNT_A, resources, { store: stringStore(short) })).toEqual({
      status: 'none',
    })
  })

  it('lost after a write makes get reject with ERR_STORE_CORRUPT', async () => {
    const backend = { ...mapBackend(), getItem: () => null }
    await expectCode('ERR_STORE_CORRUPT', () =>
      DIDSession.get(ACCOUNT_A, auth(), { resources, store: stringStore(backend) }),
    )
  })
})
