import { DIDSession, type SessionEvent } from '../../../src/index.js'
import {
  evictIndexedDB,
  failingIndexedDB,
  type IndexedDBFailure,
} from '../../../src/testing/failing-indexeddb.js'
import { testWallet } from '../../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../../src/wallet/ethereum/index.js'
import { failureCode } from '../../setup/failure-code.js'
import { ACCOUNT_A } from '../../setup/wallet.js'
import { runCommands } from './orders.js'

// A tab that a test controls. Its wallet prompts, and answers when the test says so.
const resources = ['https://api.example.com/notes/*']
const search = new URLSearchParams(location.search)
const namespace = search.get('namespace') ?? 'default'

// Removes Web Locks or BroadcastChannel before the library uses them.
for (const [part, name] of [
  ['locks', 'navigator'],
  ['channel', 'BroadcastChannel'],
] as const) {
  if (!search.has(`no-${part}`)) continue
  if (name === 'navigator') Object.defineProperty(navigator, 'locks', { value: undefined })
  else Object.defineProperty(globalThis, name, { value: undefined })
}

let startedAt = 0
let promptedAt = 0
let heardAt = 0
const wallet = testWallet({ behaviour: search.has('ask') ? 'hangs' : 'approves' })
const { request } = wallet.provider
wallet.provider.request = async (args) => {
  if (args.method === 'personal_sign') promptedAt = Date.now()
  return request(args)
}
const auth = ethereumAuth(wallet.provider, ACCOUNT_A)

let session: DIDSession | undefined
const events: string[] = []
const changes: string[] = []
let outcome: string | undefined

function hold(held: DIDSession | undefined): void {
  session = held
  for (const type of ['renewed', 'removed', 'expiring', 'expired'] as const) {
    held?.on(type, (event: SessionEvent) => {
      events.push(event.type)
      heardAt = Date.now()
      if (type === 'renewed') hold(event.session)
    })
  }
}
DIDSession.onChange(({ type }) => changes.push(type), { namespace })

/** Runs something without waiting for it; its outcome is read later. */
function start(work: () => Promise<DIDSession | undefined>): void {
  outcome = undefined
  startedAt = Date.now()
  work().then(
    (held) => {
      hold(held)
      outcome = held?.keyDID ?? 'none'
    },
    (error: unknown) => {
      outcome = failureCode(error)
    },
  )
}

export const tab = {
  get: (options: { waitSecs?: number; minValiditySecs?: number; expiresInSecs?: number } = {}) =>
    start(() => DIDSession.get(ACCOUNT_A, auth, { resources, namespace, ...options })),
  /** Loads the code of the sign-in beforehand, so that later calls prompt at once. */
  ready: async () => {
    await DIDSession.get('no account', auth, { resources, namespace }).catch(() => undefined)
  },
  load: () => start(() => DIDSession.load(undefined, { namespace })),
  renew: () => start(async () => session?.renew(auth)),
  /** Answers the open prompt, and leaves the next one open. */
  answer: (said: 'approves' | 'rejects') => {
    wallet.behaviour = said
    wallet.behaviour = 'hangs'
  },
  evict: evictIndexedDB,
  /** From now on, this tab's IndexedDB fails. */
  lose: (failure: IndexedDBFailure) => void failingIndexedDB(failure),
  remove: async () => session?.remove(),
  removeAll: () => DIDSession.remove(ACCOUNT_A, { namespace }),
  /** Signs out, and returns the outcome. */
  signOut: async () => DIDSession.remove(ACCOUNT_A, { namespace }).then(() => 'removed', failureCode),
  hasPrompted: () => wallet.prompts > 0,
  persistence: () => session?.persistence,
  sign: async () => {
    try {
      return `${(await session?.sign(new Uint8Array(1)))?.length} bytes`
    } catch (error) {
      return failureCode(error)
    }
  },
  signRequest: async () =>
    (await session?.signRequest(new Request('https://api.example.com/notes/1')))?.headers.get('signature'),
  look: async () => ({
    outcome,
    keyDID: session?.keyDID,
    isAuthorized: session?.isAuthorized(resources),
    prompts: wallet.prompts,
    /** The times, by the machine's clock, when the work began, when the wallet last prompted, and when the last event came. */
    startedAt,
    promptedAt,
    heardAt,
    events,
    changes,
    stored: (await DIDSession.list({ namespace })).map(({ keyDID }) => keyDID),
    explained: (await DIDSession.explain(ACCOUNT_A, resources, { namespace })).status,
  }),
}

/** The actions that a test can call. */
export type Tab = typeof tab

Object.assign(globalThis, { tab })

const orders = search.get('orders')
if (orders !== null) void runCommands(orders)
