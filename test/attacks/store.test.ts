import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionRecord, SessionStore } from '../../src/store/store.js'
import { stringStore } from '../../src/store/string-store.js'
import { failingStore } from '../../src/testing/failing-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed } from '../setup/capability.js'
import { accepting, post, testSigner } from '../setup/request-signer.js'
import { mapBackend } from '../setup/string-backends.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks through stores: of sessions, used requests and revocations. Whatever a store returns is treated as if an attacker
// wrote it.

const resources = ['https://api.example.com/notes/*']
const auth = ethereumAuth(KEY_A, undefined, { domain: 'example.com' })
const verifiers = ethereumVerifiers()
const trustOptions = { verifiers, domains: ['example.com'] }

async function filled(domain = 'example.com'): Promise<SessionStore> {
  const store = memoryStore()
  await DIDSession.get(ACCOUNT_A, ethereumAuth(KEY_A, undefined, { domain }), { resources, store })
  return store
}

/** The session loaded from a store with changed records. */
const tampered =
  (
    change: (record: SessionRecord) => unknown,
    options: object = trustOptions,
    keyPair?: () => Promise<unknown>,
  ) =>
  async (): Promise<unknown> => {
    const store = await filled()
    const read: SessionStore['read'] = async (...of) =>
      (await store.read(...of)).map((record) => change(record as SessionRecord))
    const readKey: SessionStore['readKey'] = keyPair ? keyPair : (...of) => store.readKey(...of)
    return DIDSession.load(undefined, { store: { ...store, read, readKey }, ...options })
  }
const p =
  (changes: object) =>
  ({ cacao, ...record }: SessionRecord): unknown => ({
    ...record,
    cacao: { ...cacao, p: { ...cacao.p, ...changes } },
  })
const exportable = () =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])

tryAttacks('a stored session that an attacker wrote or changed', [
  ['(an unchanged session)', tampered((record) => record), 'accepted'],
  ['another account', tampered((record) => ({ ...record, account: ACCOUNT_B })), 'nothing'],
  [
    'another account, in the capability too',
    tampered(({ account: _, ...record }) => ({
      ...(p({ iss: `did:pkh:${ACCOUNT_B}` })(record as SessionRecord) as object),
      account: ACCOUNT_B,
    })),
    'nothing',
  ],
  ['more resources', tampered(p({ resources: ['https://*'] })), 'nothing'],
  ['a later expiry', tampered(p({ exp: '2099-01-01T00:00:00Z' })), 'nothing'],
  [
    'a capability signed by another wallet',
    tampered((record) => ({ ...record, cacao: signed({ aud: record.keyDID }, KEY_B) })),
    'nothing',
  ],
  [
    'another person’s key',
    tampered(
      (record) => record,
      trustOptions,
      async () => (await generateSessionKey('P-256')) as unknown,
    ),
    'nothing',
  ],
  ['a key that can be exported', tampered((record) => record, trustOptions, exportable), 'nothing'],
  [
    'no key',
    tampered(
      (record) => record,
      trustOptions,
      async () => undefined,
    ),
    'nothing',
  ],
  ['null', tampered(() => null), 'nothing'],
  [
    'a domain that is not allowed',
    async () => DIDSession.load(undefined, { store: await filled('evil.example'), ...trustOptions }),
    'nothing',
  ],
  [
    'a domain for which the function returns a truthy value',
    async () => DIDSession.load(undefined, { store: await filled(), domains: () => 1 as never }),
    'nothing',
  ],
  [
    'a revoked session',
    tampered((record) => record, { ...trustOptions, revocation: { isRevoked: () => true } }),
    'nothing',
  ],
  [
    'a session whose revocation store fails',
    tampered((record) => record, { ...trustOptions, revocation: { isRevoked: () => undefined } }),
    'nothing',
  ],
])

const load = (options: object) => async () =>
  DIDSession.load(undefined, { store: await filled(), ...options })
const asks = (options: object) => async () =>
  DIDSession.hasSessionFor(ACCOUNT_A, resources, { store: await filled(), ...options })

tryAttacks('loading sessions with options that would switch a check off', [
  ['load: a string in place of the list of domains', load({ domains: 'evil.example' }), 'TypeError: domains'],
  ['load: domains that are undefined', load({ domains: undefined }), 'TypeError: domains'],
  ['load: verifiers that are undefined', load({ verifiers: undefined }), 'TypeError: verifiers'],
  ['load: empty verifiers', load({ verifiers: {} }), 'TypeError: verifiers'],
  ['load: resources that are undefined', load({ resources: undefined }), 'TypeError: resources'],
  [
    'load: a string in place of the list of resources',
    load({ resources: 'https://*' }),
    'TypeError: resources',
  ],
  ['load: a misspelt option', load({ resource: resources }), 'TypeError: resource'],
  ['load: a namespace that is undefined', load({ namespace: undefined }), 'TypeError: namespace'],
  [
    'load: a store that is undefined',
    () => DIDSession.load(undefined, { store: undefined as never }),
    'TypeError: store',
  ],
  ['hasSessionFor: domains that are undefined', asks({ domains: undefined }), 'TypeError: domains'],
  ['hasSessionFor: another domain', asks({ domains: ['evil.example'] }), 'nothing'],
  ['(hasSessionFor)', asks(trustOptions), 'accepted'],
  [
    'explain: a function in place of a revocation store',
    async () =>
      DIDSession.explain(ACCOUNT_A, resources, {
        store: await filled(),
        revocation: (() => false) as never,
      }),
    'TypeError: revocation',
  ],
  [
    'get: a lifetime that is undefined',
    async () =>
      DIDSession.get(ACCOUNT_A, auth, { resources, store: memoryStore(), expiresInSecs: undefined as never }),
    'TypeError: expiresInSecs',
  ],
  [
    'get: a nonce that is undefined',
    async () =>
      DIDSession.get(ACCOUNT_A, auth, { resources, store: memoryStore(), nonce: undefined as never }),
    'TypeError: nonce',
  ],
  [
    'list: verifiers that are null',
    async () => DIDSession.list({ store: await filled(), verifiers: null as never }),
    'TypeError: verifiers',
  ],
])

/** A session string in which another account was written. */
const string =
  (options: object, change: (cacao: SessionRecord['cacao']) => object = () => ({})) =>
  async (): Promise<unknown> => {
    const text = (await DIDSession.authorize(auth, { resources })).serialize()
    const { sessionKeySeed, cacao } = JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/')))
    const written = JSON.stringify({
      sessionKeySeed,
      cacao: { ...cacao, p: { ...cacao.p, ...change(cacao) } },
    })
    return DIDSession.fromSession(
      btoa(written).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
      options,
    )
  }

tryAttacks('a session string that an attacker wrote', [
  ['(an unchanged string)', string(trustOptions), 'accepted'],
  [
    'another account',
    string(trustOptions, () => ({ iss: `did:pkh:${ACCOUNT_B}` })),
    'ERR_CAPABILITY_SIGNATURE',
  ],
  ['more resources', string(trustOptions, () => ({ resources: ['https://*'] })), 'ERR_CAPABILITY_SIGNATURE'],
  [
    'another key',
    string(trustOptions, () => ({ aud: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3' })),
    'ERR_CAPABILITY_AUDIENCE',
  ],
  ['another domain', string({ ...trustOptions, domains: ['evil.example'] }), 'ERR_CAPABILITY_DOMAIN'],
  [
    'a revoked session',
    string({ ...trustOptions, revocation: { isRevoked: () => true } }),
    'ERR_CAPABILITY_REVOKED',
  ],
  ['domains that are undefined', string({ domains: undefined }), 'TypeError: domains'],
  ['a string in place of the list of domains', string({ domains: 'example.com' }), 'TypeError: domains'],
  ['a misspelt option', string({ domain: ['example.com'] }), 'TypeError: domain'],
])

const server = (options: object) => async () => {
  const signer = await testSigner()
  return requestVerifier({ ...accepting, storeTimeoutMs: 20, ...options })(await signer.sign(post()))
}
const fails = async (): Promise<never> => {
  throw new Error('down')
}
const never = () => new Promise<never>(() => undefined)

tryAttacks('a server whose store fails', [
  [
    '(a store that works)',
    server({ replay: memoryReplay({ now: accepting.now }), revocation: memoryRevocation() }),
    'accepted',
  ],
  ['replay is down', server({ replay: { use: fails } }), 'ERR_STORE_UNAVAILABLE'],
  ['replay never answers', server({ replay: { use: never } }), 'ERR_STORE_UNAVAILABLE'],
  [
    'replay is full',
    async () => {
      const replay = memoryReplay({ now: accepting.now, maxEntries: 1 })
      replay.use('another', accepting.now() + 60_000)
      return server({ replay })()
    },
    'ERR_STORE_UNAVAILABLE',
  ],
  ['revocation is down', server({ revocation: { isRevoked: fails } }), 'ERR_STORE_UNAVAILABLE'],
  ['revocation never answers', server({ revocation: { isRevoked: never } }), 'ERR_STORE_UNAVAILABLE'],
  [
    'revocation returns a falsy value',
    server({ revocation: { isRevoked: () => 0 } }),
    'ERR_STORE_UNAVAILABLE',
  ],
])

tryAttacks('a sign-out while the store is down', [
  [
    '(a loaded session)',
    async () => {
      const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store: memoryStore() })
      return session.sign(new Uint8Array(1))
    },
    'accepted',
  ],
  [
    'rejects',
    async () => {
      const store = failingStore()
      const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
      store.behaviour = 'unavailable'
      return session.remove()
    },
    'ERR_STORE_UNAVAILABLE',
  ],
  [
    'ends the loaded session nevertheless',
    async () => {
      const store = failingStore()
      const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
      store.behaviour = 'unavailable'
      await session.remove().catch(() => undefined)
      return session.sign(new Uint8Array(1))
    },
    'ERR_SESSION_REMOVED',
  ],
  [
    'of the account',
    async () => {
      const store = failingStore()
      const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
      store.behaviour = 'unavailable'
      await DIDSession.remove(ACCOUNT_A, { store }).catch(() => undefined)
      return session.sign(new Uint8Array(1))
    },
    'ERR_SESSION_REMOVED',
  ],
  [
    'of a store whose strings can not be written',
    async () => {
      const backend = mapBackend()
      let isDown = false
      const setItem = (key: string, value: string): void => {
        if (isDown) throw new Error('full')
        backend.setItem(key, value)
      }
      const removeItem = (): never => {
        throw new Error('full')
      }
      const store = stringStore({ ...backend, setItem, removeItem })
      const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
      isDown = true
      await session.remove().catch(() => undefined)
      return session.sign(new Uint8Array(1))
    },
    'ERR_SESSION_REMOVED',
  ],
])
