import { equal, refuses } from '../check.js'
import { ACCOUNT, DOMAIN, NOTES, PRIVATE_KEY } from '../known.js'
import type { Case, Library, Runtime } from '../library.js'

/** Where a case keeps its sessions: in the default store if there is IndexedDB, or else in a store that it must pass. */
function placeIn({ stores }: Library, { hasIndexedDB }: Runtime) {
  return { namespace: 'conformance', ...(!hasIndexedDB && { store: stores.memoryStore() }) }
}

function auth({ ethereum }: Library, domain: string | undefined = DOMAIN) {
  return ethereum.ethereumAuth(PRIVATE_KEY, undefined, domain === '' ? {} : { domain })
}

// A session left over from an earlier case would replace the sign-in of the next one.
async function signedOut({ core }: Library, place: ReturnType<typeof placeIn>): Promise<void> {
  await core.DIDSession.remove(ACCOUNT, place)
}

export const storage: readonly Case[] = [
  {
    name: 'sessions are kept in IndexedDB, or in the given store, and report which',
    async run(library, runtime) {
      const { hasIndexedDB } = runtime
      const place = placeIn(library, runtime)
      await signedOut(library, place)
      const session = await library.core.DIDSession.get(ACCOUNT, auth(library), {
        resources: [NOTES],
        ...place,
      })
      equal(session.persistence, hasIndexedDB ? 'indexeddb' : 'memory')
      equal(typeof globalThis.indexedDB === 'object', hasIndexedDB)
    },
  },
  {
    name: 'load returns undefined before a sign-in',
    async run(library, runtime) {
      const { DIDSession } = library.core
      const place = placeIn(library, runtime)
      await signedOut(library, place)
      equal(await DIDSession.load(undefined, place), undefined)
      equal((await DIDSession.explain(ACCOUNT, [NOTES], place)).status, 'none')
    },
  },
  {
    name: 'a server must pass a store',
    async run(library, { hasIndexedDB }) {
      const { DIDSession } = library.core
      const asked = { resources: [NOTES], namespace: 'conformance alone' }
      const ways = [
        () => DIDSession.load(undefined, asked),
        () => DIDSession.get(ACCOUNT, auth(library), asked),
        () => DIDSession.list({ namespace: 'conformance alone' }),
      ]
      for (const way of ways) await (hasIndexedDB ? way() : refuses('ERR_ENVIRONMENT', way))
    },
  },
  {
    name: 'a session is loaded with its key, without a prompt',
    async run(library, runtime) {
      const { DIDSession } = library.core
      const place = placeIn(library, runtime)
      const asked = { resources: [NOTES], ...place }
      const session = await DIDSession.get(ACCOUNT, auth(library), asked)
      const never = (): never => {
        throw new Error('prompted')
      }
      equal((await DIDSession.get(ACCOUNT, never, asked)).keyDID, session.keyDID)
      const loaded = await DIDSession.load(undefined, asked)
      equal(loaded?.keyDID, session.keyDID)
      equal((await loaded?.sign(new Uint8Array(2)))?.length, 64)
      equal(await DIDSession.hasSessionFor(ACCOUNT, [NOTES], place), true)
      equal(await DIDSession.hasSessionFor(ACCOUNT, ['urn:more'], place), false)
    },
  },
  {
    name: 'simultaneous calls share one sign-in',
    async run(library, runtime) {
      const place = placeIn(library, runtime)
      const asked = { resources: [NOTES], ...place }
      await signedOut(library, place)
      let prompts = 0
      const counted = (opts: Parameters<ReturnType<typeof auth>>[0]) => {
        prompts++
        return auth(library)(opts)
      }
      const sessions = await Promise.all(
        [1, 2, 3].map(() => library.core.DIDSession.get(ACCOUNT, counted, asked)),
      )
      equal([prompts, new Set(sessions.map(({ keyDID }) => keyDID)).size], [1, 1])
    },
  },
  {
    name: 'a session is deleted by signing out, and its key refuses to sign',
    async run(library, runtime) {
      const { DIDSession } = library.core
      const place = placeIn(library, runtime)
      const session = await DIDSession.get(ACCOUNT, auth(library), { resources: [NOTES], ...place })
      await session.remove()
      await refuses('ERR_SESSION_REMOVED', () => session.sign(new Uint8Array(2)))
      equal([await DIDSession.load(ACCOUNT, place), (await DIDSession.list(place)).length], [undefined, 0])
    },
  },
  {
    name: 'onChange waitForEvent a sign-in and a sign-out, and does not keep the process alive',
    async run(library, runtime) {
      const { DIDSession } = library.core
      const place = placeIn(library, runtime)
      await signedOut(library, place)
      const heard: string[] = []
      // The listener is never removed; if it kept the process alive, the results would never arrive.
      const both = new Promise<void>((resolve) => {
        DIDSession.onChange(({ type }) => void (heard.push(type) === 2 && resolve()), place)
      })
      const session = await DIDSession.get(ACCOUNT, auth(library), { resources: [NOTES], ...place })
      const removed = new Promise<void>((resolve) => void session.on('removed', () => resolve()))
      await session.remove()
      // The timer keeps the process waiting, as an app's server or window would.
      const waiting = setInterval(() => undefined, 1000)
      await Promise.all([both, removed])
      clearInterval(waiting)
      equal(heard, ['signed-in', 'removed'])
    },
  },
  {
    name: 'a string store keeps a seed',
    async run({ core, ethereum, stores }) {
      const items = new Map<string, string>()
      const backend = {
        getItem: (key: string) => items.get(key) ?? null,
        setItem: (key: string, value: string) => void items.set(key, value),
        removeItem: (key: string) => void items.delete(key),
      }
      const method = ethereum.ethereumAuth(PRIVATE_KEY, undefined, { domain: DOMAIN })
      const options = { resources: [NOTES], store: stores.stringStore(backend) }
      const session = await core.DIDSession.get(ACCOUNT, method, options)
      equal([session.isSerializable, items.size > 0], [true, true])
      // As the next process would load it.
      const store = stores.stringStore(backend)
      equal((await core.DIDSession.load(ACCOUNT, { store }))?.keyDID, session.keyDID)
    },
  },
  {
    name: 'a cookie is read from the runtime’s own Headers',
    async run({ stores }) {
      const secret = crypto.getRandomValues(new Uint8Array(32))
      for (const source of [new Headers(), new Request('https://app.example.com/')])
        equal(await stores.cookieStore(source, { secret }).getItem('key'), undefined)
    },
  },
  {
    name: 'the domain is the host of the page or worker, or must be given',
    async run(library, { hasLocation }) {
      const opts = { uri: 'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw' }
      if (hasLocation) equal((await auth(library, '')(opts)).p.domain, globalThis.location.host)
      else await refuses('ERR_ENVIRONMENT', () => auth(library, '')(opts))
    },
  },
  {
    name: 'a key that cannot be exported can be cloned, except in known runtimes',
    async run(_library, { clonesKeys }) {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
      const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair
      let isCloned = true
      try {
        isCloned = structuredClone(pair.privateKey) instanceof CryptoKey
      } catch {
        isCloned = false
      }
      equal(isCloned, clonesKeys)
    },
  },
]
