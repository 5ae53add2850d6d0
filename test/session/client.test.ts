import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import type { SessionClient, SessionClientOptions } from '../../src/session/client.js'
import { createSessionClient, DIDSession } from '../../src/session/did-session.js'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { stringStore } from '../../src/store/string-store.js'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { clearOrigin } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'
import { mapBackend } from '../setup/string-backends.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const OTHER_CHAIN = ACCOUNT_A.replace('eip155:1:', 'eip155:10:')

let wallet: TestWallet
const auth = () => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
const never = async (): Promise<never> => {
  throw new Error('the wallet was asked')
}
beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
})

type Client = SessionClient<DIDSession>
type Call = (client: Client, options?: object) => unknown

/** The result of each method for a store with a valid session, and for one without. */
const METHODS: Readonly<Record<string, { call: Call; found: unknown; missed: unknown }>> = {
  get: {
    call: async (client, options) => {
      const before = wallet.prompts
      await client.get(ACCOUNT_A, auth(), { resources, ...options })
      return wallet.prompts === before
    },
    found: true,
    missed: false,
  },
  load: {
    call: async (client, options) => (await client.load(undefined, options))?.account,
    found: ACCOUNT_A,
    missed: undefined,
  },
  use: {
    call: async (client, options) => (await client.use(ACCOUNT_A, options))?.account,
    found: ACCOUNT_A,
    missed: undefined,
  },
  hasSessionFor: {
    call: (client, options) => client.hasSessionFor(ACCOUNT_A, resources, options),
    found: true,
    missed: false,
  },
  explain: {
    call: async (client, options) => (await client.explain(ACCOUNT_A, resources, options)).status === 'ok',
    found: true,
    missed: false,
  },
  list: {
    call: async (client, options) => (await client.list(options)).map(({ account }) => account),
    found: [ACCOUNT_A],
    missed: [],
  },
}
const TRUSTING = Object.keys(METHODS)
const methodOf = (name: string) => METHODS[name] ?? expect.fail(name)

const CALLS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(Object.entries(METHODS).map(([name, { call }]) => [name, call])),
  signOut: (client, options) => client.signOut(ACCOUNT_A, options),
  onChange: (client, options) => client.onChange(() => undefined, options)(),
}
const callOf = (name: string): Call => CALLS[name] ?? expect.fail(name)

/** A store where the account is signed in. */
async function signedIn(namespace = 'default') {
  const store = memoryStore()
  const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace })
  return { store, session }
}

describe('a client’s options', () => {
  it.each(TRUSTING)('apply to %s', async (name) => {
    const { call, found, missed } = methodOf(name)
    const { store } = await signedIn('admin')
    expect(await call(createSessionClient({ store, namespace: 'admin' }))).toEqual(found)
    expect(await call(createSessionClient({ store }))).toEqual(missed)
  })

  it.each(TRUSTING)('are overridden by the options of a call of %s', async (name) => {
    const { call, found, missed } = methodOf(name)
    const { store } = await signedIn('admin')
    const client = createSessionClient({ store, namespace: 'user' })
    expect(await call(client, { namespace: 'admin' })).toEqual(found)
    // For that call only.
    expect(await call(client)).toEqual(missed)
  })

  it('choose the namespace of signOut, unless the call names another', async () => {
    const { store, session } = await signedIn('admin')
    const client = createSessionClient({ store, namespace: 'user' })
    await client.signOut(ACCOUNT_A)
    expect(session.isAuthorized()).toBe(true)
    await client.signOut(ACCOUNT_A, { namespace: 'admin' })
    expect(session.isAuthorized()).toBe(false)
    expect(await DIDSession.list({ store, namespace: 'admin' })).toEqual([])
  })

  it('choose the namespace of onChange, unless the call names another', async () => {
    const store = memoryStore()
    const heard: string[] = []
    const client = createSessionClient({ store, namespace: 'admin' })
    const end = [
      client.onChange(({ type }) => heard.push(`admin ${type}`)),
      client.onChange(({ type }) => heard.push(`user ${type}`), { namespace: 'user' }),
    ]
    const listening = async () => {
      await DIDSession.remove(ACCOUNT_A, { store, namespace: 'user' })
      await DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace: 'user' })
      expect(heard).toContain('user signed-in')
    }
    await vi.waitFor(listening, SOON)
    expect(heard.filter((words) => words.startsWith('admin'))).toEqual([])
    await client.get(ACCOUNT_A, auth(), { resources })
    await vi.waitFor(() => expect(heard).toContain('admin signed-in'), SOON)
    for (const done of end) done()
  })

  it('set the clock of its sessions', async () => {
    const { store } = await signedIn()
    const now = () => Date.now() + 604_700_000
    expect((await createSessionClient({ store, now }).load())?.expiresInSecs).toBeLessThan(200)
    expect(
      (await createSessionClient({ store, now }).load(undefined, { now: Date.now }))?.expiresInSecs,
    ).toBeGreaterThan(200)
    expect(await createSessionClient({ store, now: () => now() + 200_000 }).load()).toBeUndefined()
  })

  it('set anyChain, unless the call sets it', async () => {
    const { store } = await signedIn()
    const client = createSessionClient({ store, anyChain: true })
    expect(await client.hasSessionFor(OTHER_CHAIN)).toBe(true)
    expect(await client.hasSessionFor(OTHER_CHAIN, undefined, { anyChain: false })).toBe(false)
  })

  it('without security effect are kept if a call passes undefined', async () => {
    const { store } = await signedIn()
    const client = createSessionClient({ store, anyChain: true, now: () => Date.now() + 605_000_000 })
    const options = { anyChain: undefined, now: undefined, signal: undefined } as object
    expect(await client.explain(OTHER_CHAIN, undefined, options)).toMatchObject({ status: 'expired' })
    expect(await client.explain(OTHER_CHAIN, undefined, { ...options, anyChain: false })).toEqual({
      status: 'none',
    })
  })

  it('are copied when the client is created', async () => {
    const { store } = await signedIn()
    const options: SessionClientOptions = { store }
    const client = createSessionClient(options)
    options.namespace = 'admin'
    expect(await client.load()).toBeDefined()
  })
})

describe('a client and DIDSession with the same options', () => {
  it('find the same sessions', async () => {
    const client = createSessionClient({ namespace: 'admin', store: indexedDBStore() })
    const session = await client.get(ACCOUNT_A, auth(), { resources })
    expect(session).toBeInstanceOf(DIDSession)
    await client.signOut(ACCOUNT_A)
    expect(session.isAuthorized()).toBe(false)
  })

  it.each([
    ['in a store of one’s own', () => ({ store: memoryStore() })],
    ['in another namespace', () => ({ store: memoryStore(), namespace: 'admin' })],
  ])('share one prompt for simultaneous calls %s', async (_, make) => {
    const options = make()
    wallet.behaviour = 'hangs'
    const asked = [
      createSessionClient(options).get(ACCOUNT_A, auth(), { resources }),
      DIDSession.get(ACCOUNT_A, auth(), { resources, ...options }),
      createSessionClient(options).get(ACCOUNT_A, auth(), { resources }),
    ]
    await wallet.prompted()
    wallet.behaviour = 'approves'
    const sessions = await Promise.all(asked)
    expect(new Set(sessions.map(({ keyDID }) => keyDID)).size).toBe(1)
    expect(wallet.prompts).toBe(1)
    expect((await DIDSession.load(undefined, options))?.keyDID).toBe(sessions[0]?.keyDID)
  })

  it('prompt once for each of two namespaces', async () => {
    const store = memoryStore()
    const [one, other] = await Promise.all([
      createSessionClient({ store }).get(ACCOUNT_A, auth(), { resources }),
      DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace: 'admin' }),
    ])
    expect(one.keyDID).not.toBe(other.keyDID)
    expect(wallet.prompts).toBe(2)
  })

  it('end each other’s sessions', async () => {
    const { store, session } = await signedIn()
    const mine = await createSessionClient({ store }).load()
    await session.remove()
    expect(mine?.isAuthorized()).toBe(false)
    await expectCode('ERR_SESSION_REMOVED', async () => mine?.sign(new Uint8Array(1)))
  })
})

const hidden = (name: string, value: unknown): object => Object.defineProperty({}, name, { value })
const WRONG: readonly (readonly [words: string, options: () => object, named: string])[] = [
  ['wrong', () => ({ namespace: 7 }), 'namespace'],
  ['wrong', () => ({ store: new Map() }), 'store'],
  ['wrong', () => ({ anyChain: 'no' }), 'anyChain'],
  ['misspelt', () => ({ nameSpace: 'admin' }), 'nameSpace'],
  ['undefined', () => ({ namespace: undefined }), 'namespace'],
  ['undefined', () => ({ store: undefined }), 'store'],
  ['wrong and hidden', () => hidden('namespace', 7), 'namespace'],
  ['misspelt and hidden', () => hidden('domain', ['app.example']), 'domain'],
  ['inherited', () => Object.create({ namespace: 'admin' }) as object, 'options'],
]
const WRONG_TRUST: typeof WRONG = [
  ['wrong', () => ({ verifiers: {} }), 'verifiers'],
  ['wrong', () => ({ domains: 'app.example' }), 'domains'],
  ['wrong', () => ({ revocation: () => false }), 'revocation'],
  ['undefined', () => ({ verifiers: undefined }), 'verifiers'],
  ['undefined', () => ({ domains: undefined }), 'domains'],
  ['undefined', () => ({ revocation: undefined }), 'revocation'],
  ['wrong and hidden', () => hidden('domains', []), 'domains'],
]

/** A copy with non-enumerable options that stay non-enumerable. */
const joined = (one: object, other: object): object =>
  Object.getPrototypeOf(other) === Object.prototype
    ? Object.defineProperties({ ...one }, Object.getOwnPropertyDescriptors(other))
    : Object.assign(other, one)

describe.each(Object.keys(CALLS))('%s', (name) => {
  const cases = TRUSTING.includes(name) ? [...WRONG, ...WRONG_TRUST] : WRONG
  const call = callOf(name)
  const refuses = async (act: () => unknown, named: string): Promise<void> => {
    const error = await failureOf(async () => act())
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(named)
  }

  it.each(cases)('refuses an option of the client that is %s (%o)', async (_, options, named) => {
    const { store } = await signedIn()
    await refuses(() => call(createSessionClient(joined({ store }, options()))), named)
    await call(createSessionClient({ store }))
  })

  it.each(cases)('refuses an option of the call that is %s (%o)', async (_, options, named) => {
    const { store } = await signedIn()
    const client = createSessionClient({ store })
    // `get` needs resources besides.
    const others = name === 'get' ? { resources } : {}
    const given = joined(others, options())
    const act: Call =
      name === 'get'
        ? (of, wrong) => of.get(ACCOUNT_A, never, wrong as never)
        : (of, wrong) => call(of, wrong)
    await refuses(() => act(client, given), named)
    await call(client)
  })
})

describe('checks set on a client', () => {
  const REFUSING: readonly (readonly [string, string, () => SessionClientOptions])[] = [
    ['verifiers', 'ERR_CAPABILITY_UNSUPPORTED', () => ({ verifiers: { eip1271: async () => undefined } })],
    ['domains', 'ERR_CAPABILITY_DOMAIN', () => ({ domains: ['evil.example'] })],
    ['revocation', 'ERR_CAPABILITY_REVOKED', () => ({ revocation: { isRevoked: () => true } })],
    [
      'a revocation that answers nothing',
      'ERR_CAPABILITY_REVOKED',
      () => ({ revocation: { isRevoked: () => undefined as never } }),
    ],
  ]
  const trustOptions = () => ({
    verifiers: ethereumVerifiers(),
    domains: ['app.example'],
    revocation: memoryRevocation(),
  })

  it.each(TRUSTING)('are run by %s', async (name) => {
    const { call, found } = methodOf(name)
    const { store, session } = await signedIn()
    const asked: string[] = []
    const verifiers = ethereumVerifiers()
    const client = createSessionClient({
      store,
      verifiers: {
        eip191: async (...judged: Parameters<typeof verifiers.eip191>) => {
          asked.push('verifiers')
          await verifiers.eip191(...judged)
        },
      },
      domains: (domain) => asked.push('domains') > 0 && domain === 'app.example',
      revocation: { isRevoked: ({ p }: Cacao) => asked.push('revocation') < 0 || p.aud !== session.keyDID },
    })
    await Promise.resolve(call(client)).catch(() => undefined)
    expect([...new Set(asked)].sort()).toEqual(['domains', 'revocation', 'verifiers'])
    expect(await call(createSessionClient({ store, ...trustOptions() }))).toEqual(found)
  })

  it.each(REFUSING)('hide a session that fails %s', async (_, code, options) => {
    const { store } = await signedIn()
    const client = createSessionClient({ store, ...options() })
    expect(await client.load()).toBeUndefined()
    expect(await client.use(ACCOUNT_A)).toBeUndefined()
    expect(await client.list()).toEqual([])
    expect(await client.hasSessionFor(ACCOUNT_A)).toBe(false)
    expect(await client.explain(ACCOUNT_A)).toEqual({ status: 'untrusted', code })
    // A new sign-in is checked in the same way.
    await expectCode(code as never, () => client.get(ACCOUNT_A, auth(), { resources }))
  })

  it.each(REFUSING)('are replaced by the check of the call: %s', async (_, __, options) => {
    const { store, session } = await signedIn()
    const client = createSessionClient({ store, ...options() })
    expect((await client.load(undefined, trustOptions()))?.keyDID).toBe(session.keyDID)
    const trusting = createSessionClient({ store, ...trustOptions() })
    expect(await trusting.load(undefined, options())).toBeUndefined()
    expect((await trusting.load())?.keyDID).toBe(session.keyDID)
  })

  it('notice a later revocation', async () => {
    const { store, session } = await signedIn()
    const revocation = memoryRevocation()
    const client = createSessionClient({ store, revocation })
    expect(await client.load()).toBeDefined()
    await revocation.revoke(session.cacao)
    expect(await client.load()).toBeUndefined()
  })

  it('do not take a revocation store that can not be asked for a revocation', async () => {
    const { store, session } = await signedIn()
    let isDown = true
    const isRevoked = async (): Promise<boolean> => {
      if (isDown) throw new TypeError('fetch failed')
      return false
    }
    const client = createSessionClient({ store, revocation: { isRevoked } })
    await expectCode('ERR_STORE_UNAVAILABLE', () => client.load())
    isDown = false
    expect((await client.load())?.keyDID).toBe(session.keyDID)
  })

  it.each([
    ...REFUSING.map(([name, , options]) => [name, options] as const),
    ['what is wrong', () => ({ domains: [], verifiers: 'all' }) as unknown as SessionClientOptions] as const,
  ])('do not keep signOut or onChange from working: %s', async (_, options) => {
    const { store, session } = await signedIn()
    const client = createSessionClient({ store, ...options() })
    const heard: string[] = []
    const end = client.onChange(({ type }) => heard.push(type))
    await client.signOut(ACCOUNT_A)
    expect(session.isAuthorized()).toBe(false)
    expect(await DIDSession.list({ store })).toEqual([])
    const listening = async () => {
      await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
      await client.signOut(ACCOUNT_A)
      expect(heard).toContain('removed')
    }
    await vi.waitFor(listening, SOON)
    end()
  })

  it.each(['signOut', 'onChange'])('can not be set in a call of %s', async (name) => {
    const { store } = await signedIn()
    const client = createSessionClient({ store, ...trustOptions() })
    for (const [option, value] of Object.entries(trustOptions())) {
      const error = await failureOf(async () => callOf(name)(client, { [option]: value }))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as TypeError).message).toContain(option)
    }
  })
})

describe('a store that others can write', () => {
  it.each(TRUSTING)('requires verifiers and domains for %s, from the client or the call', async (name) => {
    const { call, found } = methodOf(name)
    const store = stringStore(mapBackend(), { writableByOthers: true })
    const [verifiers, domains] = [ethereumVerifiers(), ['app.example']]
    await DIDSession.get(ACCOUNT_A, auth(), { resources, store, verifiers, domains })
    for (const options of [{ store }, { store, verifiers }, { store, domains }]) {
      const error = await failureOf(async () => call(createSessionClient(options)))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as TypeError).message).toMatch(/verifiers and domains/)
    }
    expect(await call(createSessionClient({ store, verifiers, domains }))).toEqual(found)
    expect(await call(createSessionClient({ store, verifiers }), { domains })).toEqual(found)
    expect(await call(createSessionClient({ store }), { verifiers, domains })).toEqual(found)
  })

  it('lets signOut remove a session without verifiers and domains', async () => {
    const store = stringStore(mapBackend(), { writableByOthers: true })
    const [verifiers, domains] = [ethereumVerifiers(), ['app.example']]
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store, verifiers, domains })
    await createSessionClient({ store }).signOut(ACCOUNT_A)
    expect(session.isAuthorized()).toBe(false)
  })
})

describe('a client without options', () => {
  it('throws a TypeError if the options are not a plain object', () => {
    for (const options of [null, [], 'admin', new Map()])
      expect(() => createSessionClient(options as never)).toThrow(TypeError)
    expect(createSessionClient()).toBeDefined()
    expect(createSessionClient({})).toBeDefined()
  })

  it.each([
    ['is misspelt', { domain: ['app.example'] }, /no option "domain" here; there are .*domains/],
    ['is a check without a value', { verifiers: undefined }, /verifiers is undefined/],
    ['names no place', { namespace: '' }, /namespace must be/],
    ['is no store', { store: new Map() }, /store must be/],
    ['is no clock', { now: 1_700_000_000 }, /now must be/],
    ['is for one call', { signal: new AbortController().signal }, /no option "signal"/],
  ])('is not created with an option that %s', (_, options, message) => {
    expect(() => createSessionClient(options as never)).toThrow(message)
  })
})
