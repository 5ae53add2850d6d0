import { beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { failureOf } from '../setup/expect-code.js'
import { mapBackend } from '../setup/string-backends.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const resources = ['https://api.example/notes/*']

let store: SessionStore
let session: DIDSession
let text: string
// A refused call changes nothing, so the next test can reuse the sessions, whose creation takes most of the time.
let isUnchanged = false
beforeEach(async () => {
  if (isUnchanged) {
    isUnchanged = false
    return
  }
  store = memoryStore()
  session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
  text = (await DIDSession.authorize(auth, { resources })).serialize()
})

type Call = (options: object) => unknown
const place = (options: object): object => ({ store, ...options })

const methods: Readonly<Record<string, Call>> = {
  load: (options) => DIDSession.load(undefined, place(options)),
  use: (options) => DIDSession.use(ACCOUNT_A, place(options)),
  get: (options) => DIDSession.get(ACCOUNT_A, auth, { resources, ...place(options) }),
  list: (options) => DIDSession.list(place(options)),
  hasSessionFor: (options) => DIDSession.hasSessionFor(ACCOUNT_A, resources, place(options)),
  explain: (options) => DIDSession.explain(ACCOUNT_A, resources, place(options)),
  remove: (options) => DIDSession.remove(ACCOUNT_A, place(options)),
  fromSession: (options) => DIDSession.fromSession(text, options),
  authorize: (options) => DIDSession.authorize(auth, { resources, ...options }),
  renew: (options) => session.renew(auth, options),
  delegate: (options) => session.delegate({ audience: OTHER, ...options }),
}
const OTHER = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'

const checking = ['load', 'use', 'get', 'list', 'hasSessionFor', 'explain', 'fromSession']
const stored = ['load', 'use', 'get', 'list', 'hasSessionFor', 'explain', 'remove']
const asking = ['get', 'authorize', 'renew']

const wrong: readonly (readonly [name: string, values: readonly unknown[], of: readonly string[]])[] = [
  ['verifiers', [undefined, null, {}, [], 'eip191', new Map(), { eip191: true }], checking],
  ['verifiers', [undefined, null, {}, [], 'eip191'], asking],
  [
    'domains',
    [
      undefined,
      null,
      [],
      'app.example',
      new Set(['app.example']),
      [undefined],
      ['https://app.example'],
      ['*.app.example'],
      ['APP.example'],
      ['app.example:443'],
    ],
    checking,
  ],
  ['revocation', [undefined, null, true, {}, [], () => false, { isRevoked: false }], checking],
  ['isRevoked', [() => false], checking],
  ['store', [undefined, null, {}, 'memory', new Map(), { readKey: () => undefined }], stored],
  ['store', [{ ...memoryStore(), writableByOthers: 'no' }], stored],
  ['namespace', [undefined, null, '', 7], stored],
  ['anyChain', [null, 'false', 0], stored],
  ['now', [null, 7, new Date()], [...stored, 'fromSession', 'authorize']],
  ['signal', [null, {}, 'abort', new AbortController()], [...stored, ...asking, 'fromSession']],
  [
    'minValiditySecs',
    [undefined, null, -1, '60', Number.NaN, Number.POSITIVE_INFINITY],
    ['load', 'use', 'get'],
  ],
  ['minValiditySecs', [undefined, -1], ['hasSessionFor', 'explain']],
  [
    'resources',
    [undefined, null, [], 'https://api.example/', new Set(resources), [''], ['no uri'], [undefined]],
    ['load', 'use'],
  ],
  [
    'resources',
    [undefined, null, 'https://api.example/', new Set(resources), [''], ['no uri']],
    [...asking, 'delegate'],
  ],
  ['abilities', [undefined, null, [], 'notes/read'], ['load', ...asking]],
  ['expiresInSecs', [undefined, null, 0, -1, '60', Number.NaN], [...asking, 'delegate']],
  ['expirationTime', [undefined, null, 7, new Date()], asking],
  ['domain', [undefined, null, ['app.example']], asking],
  ['nonce', [undefined, null, 7], asking],
  ['requestId', [undefined, null, 7], asking],
  ['statement', [null, 7], [...asking, 'delegate']],
  ['keyType', [null, 'RSA'], ['get']],
  ['waitSecs', [null, -1, '60'], ['get', 'renew']],
  ['password', [undefined, null, '', 7], ['fromSession']],
  ['audience', [undefined, null, 7, 'did:key:z', ACCOUNT_A], ['delegate']],
]

const cases = wrong.flatMap(([name, values, names]) =>
  names.flatMap((method) => values.map((value) => [method, name, value] as const)),
)

describe('an option', () => {
  it.each(cases)('is refused by %s with an error that names it: %s: %s', async (method, name, value) => {
    // The call must reject: if an async function threw at once, code that only handles the promise would miss the error.
    const call = methods[method]?.({ [name]: value })
    const error = await failureOf(() => call)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(name)
    isUnchanged = true
  })

  it.each(Object.keys(methods))(
    'that %s does not know is refused, and the error lists the known ones',
    async (method) => {
      for (const options of [{ verifier: ethereumVerifiers() }, { Domains: ['app.example'] }]) {
        const error = await failureOf(() => methods[method]?.(options))
        expect(error).toBeInstanceOf(TypeError)
        expect((error as TypeError).message).toMatch(
          /there is no option "(verifier|Domains)" here; there are \w/,
        )
      }
    },
  )

  it.each<[string, () => unknown]>([
    ['load', () => DIDSession.load(undefined, null as never)],
    ['list', () => DIDSession.list([] as never)],
    ['get', () => DIDSession.get(ACCOUNT_A, auth, undefined as never)],
    ['remove', () => DIDSession.remove(ACCOUNT_A, 'options' as never)],
    ['fromSession', () => DIDSession.fromSession(text, new Map() as never)],
    ['authorize', () => DIDSession.authorize(auth, null as never)],
    ['delegate', () => session.delegate(undefined as never)],
    ['renew', () => session.renew(auth, null as never)],
    ['onChange', () => DIDSession.onChange(() => undefined, null as never)],
    ['on', () => session.on('expired', () => undefined, null as never)],
  ])('object that is not a plain object is refused by %s', async (_, call) => {
    const error = await failureOf(call)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain('options must be a plain object')
  })

  it.each<[string, () => unknown]>([
    ['get without options', () => DIDSession.get(ACCOUNT_A, auth, undefined as never)],
    ['get with a list', () => DIDSession.get(ACCOUNT_A, auth, resources as never)],
    ['get with none', () => DIDSession.get(ACCOUNT_A, auth, { store })],
    ['get with a path', () => DIDSession.get(ACCOUNT_A, auth, { resources: ['/notes/*'], store })],
    [
      'get with a dot',
      () => DIDSession.get(ACCOUNT_A, auth, { resources: ['https://a.example/./*'], store }),
    ],
    ['authorize without options', () => DIDSession.authorize(auth, undefined as never)],
    ['authorize with none', () => DIDSession.authorize(auth, {})],
  ])('that says what a session may do is shown as it should be by %s', async (_, call) => {
    const error = await failureOf(call)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toMatch(/resources.*"https:\/\/api\.example\.com\/notes\/\*"/)
    isUnchanged = true
  })

  it.each([
    null,
    'https://api.example/',
    new Set(resources),
    7,
    [],
    [''],
    { resources: [] },
    { domains: [] },
  ])('in the object of resources is refused: %s', async (asked) => {
    for (const call of [DIDSession.hasSessionFor, DIDSession.explain])
      expect(await failureOf(() => call(ACCOUNT_A, asked as never, { store }))).toBeInstanceOf(TypeError)
  })

  it.each([
    [{ leadSecs: -1 }, 'leadSecs'],
    [{ idleSecs: '60' }, 'idleSecs'],
    [{ signal: {} }, 'signal'],
    [{ lead: 60 }, 'lead'],
  ])('of on() is refused at once: %j', (options, name) => {
    expect(() => session.on('expiring', () => undefined, options as never)).toThrow(name)
  })

  it('without security effect may be undefined', async () => {
    const options = { anyChain: undefined, now: undefined, signal: undefined }
    expect((await methods.load?.(options)) as DIDSession).toMatchObject({ keyDID: session.keyDID })
    const more = { ...options, statement: undefined, keyType: undefined, waitSecs: undefined }
    expect((await methods.get?.(more)) as DIDSession).toMatchObject({ keyDID: session.keyDID })
    session.on('expiring', () => undefined, { leadSecs: undefined, signal: undefined } as never)()
  })

  it.each(checking)('that %s knows is accepted', async (method) => {
    const options = {
      verifiers: ethereumVerifiers(),
      domains: (domain: string) => domain === 'app.example',
      revocation: { isRevoked: async () => false },
    }
    expect(await methods[method]?.(options)).toBeTruthy()
    expect(await methods[method]?.({ ...options, domains: ['app.example', 'localhost:3000'] })).toBeTruthy()
  })

  it('is read only once', async () => {
    let looks = 0
    const options = Object.defineProperty({ store }, 'domains', {
      enumerable: true,
      get: () => (looks++ === 0 ? ['app.example'] : ['example.co']),
    })
    expect(await DIDSession.load(undefined, options)).toBeDefined()
    expect(looks).toBe(1)
  })
})

describe('a store of strings', () => {
  it.each([
    { prefix: 7 },
    { persistence: '' },
    { writableByOthers: undefined },
    { writableByOthers: 'yes' },
    { writeableByOthers: true },
    null,
  ])('refuses %j', async (options) => {
    expect(await failureOf(() => stringStore(mapBackend(), options as never))).toBeInstanceOf(TypeError)
  })

  it.each([7, 'no', null])('refuses a backend whose writableByOthers is %j', async (said) => {
    const backend = { ...mapBackend(), writableByOthers: said }
    expect(await failureOf(() => stringStore(backend as never))).toBeInstanceOf(TypeError)
  })
})

describe('new DIDSession', () => {
  it.each<[string, unknown[]]>([
    ['nothing', []],
    ['the parts of a session, as in did-session', [{ cacao: {}, keySeed: new Uint8Array(32), did: {} }]],
  ])('from %s says which functions make sessions', (_, given) => {
    const made = (): unknown => Reflect.construct(DIDSession, given)
    expect(made).toThrow(TypeError)
    expect(made).toThrow('DIDSession.get, load or fromSession')
    expect(session).toBeInstanceOf(DIDSession)
  })
})
