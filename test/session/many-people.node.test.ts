import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

// A process that serves many people: the actions of one person must not affect the others.

const SERVER = `
  import { DIDSession, SessionError } from 'cacao-session'
  import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
  import { cookieStore, memoryStore, stringStore } from 'cacao-session/stores'
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const trustOptions = { verifiers: ethereumVerifiers(), domains: ['app.example'] }
  const resources = ['https://api.example/*']
  const [A, B] = ['${ACCOUNT_A}', '${ACCOUNT_B}']
  const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example' })
  const authB = ethereumAuth('${KEY_B}', undefined, { domain: 'app.example' })
  const codeOf = (work) => work().then(() => 'done', (error) => error.code ?? error.name)
  const newStore = () => stringStore(cookieStore(undefined, { secret }))
  const never = () => new Promise(() => undefined)
  // A wallet that doesn't answer keeps no process alive.
  const alive = setTimeout(() => { console.log('too late'); process.exit(1) }, 120_000)
`

describe('a server without a store of its own', () => {
  it('rejects every call that needs a store, and the error says to pass one', () => {
    const output = runFresh(`${SERVER}
      const calls = {
        load: () => DIDSession.load(),
        loadOf: () => DIDSession.load(A, { resources }),
        get: () => DIDSession.get(A, auth, { resources }),
        use: () => DIDSession.use(A),
        list: () => DIDSession.list(),
        hasSessionFor: () => DIDSession.hasSessionFor(A, resources),
        explain: () => DIDSession.explain(A, resources),
        remove: () => DIDSession.remove(A),
        onChange: async () => DIDSession.onChange(() => undefined),
      }
      for (const [name, call] of Object.entries(calls)) console.log(name, await codeOf(call))
      const error = await DIDSession.load().catch((error) => error)
      console.log(error instanceof SessionError, error.message)
      console.log(await codeOf(() => DIDSession.load(undefined, { store: undefined })))
      clearTimeout(alive)`)
    const lines = output.trim().split('\n')
    expect(lines.slice(0, 9)).toEqual(
      ['load', 'loadOf', 'get', 'use', 'list', 'hasSessionFor', 'explain', 'remove', 'onChange'].map(
        (name) => `${name} ERR_ENVIRONMENT`,
      ),
    )
    expect(lines[9]).toMatch(/^true .*pass a store.*DIDSession\.authorize and fromSession/)
    expect(lines[10]).toBe('TypeError')
  })

  it('rejects before the wallet is asked', () => {
    const output = runFresh(`${SERVER}
      let asked = 0
      await codeOf(() => DIDSession.get(A, async (opts) => { asked++; return auth(opts) }, { resources }))
      console.log(asked)
      clearTimeout(alive)`)
    expect(output.trim()).toBe('0')
  })

  it('can use authorize and fromSession, or pass any store', () => {
    const output = runFresh(`${SERVER}
      const session = await DIDSession.authorize(auth, { resources })
      const same = await DIDSession.fromSession(session.serialize(), trustOptions)
      await same.renew(auth)
      await same.remove()
      console.log(same.keyDID === session.keyDID, await codeOf(() => same.sign(new Uint8Array(1))))
      const store = memoryStore()
      await DIDSession.get(A, auth, { resources, store })
      console.log((await DIDSession.load(undefined, { store })).id, (await DIDSession.list({ store })).length)
      clearTimeout(alive)`)
    expect(output.trim().split('\n')).toEqual(['true ERR_SESSION_REMOVED', `did:pkh:${ACCOUNT_A} 1`])
  })

  it.each([
    ['a stand-in for IndexedDB', "await import('fake-indexeddb/auto')"],
    [
      'a page',
      'globalThis.document = globalThis.window = Object.assign(globalThis, { addEventListener() {}, removeEventListener() {} })',
    ],
    [
      'a browser’s worker',
      "globalThis.WorkerGlobalScope = Object; globalThis.location = new URL('https://app.example/worker.js')",
    ],
  ])('is recognized by its lack of local storage: %s has one', (_, environment) => {
    const output = runFresh(`${SERVER}
      ${environment}
      const session = await DIDSession.get(A, auth, { resources })
      console.log((await DIDSession.load())?.keyDID === session.keyDID, session.persistence)
      process.exit()`)
    expect(output.trim()).toMatch(/^true (indexeddb|memory)$/)
  })

  it.each([
    [
      'Cloudflare’s',
      "Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Cloudflare-Workers' } }); globalThis.location = {}",
    ],
    ['Deno’s', "globalThis.Deno = {}; globalThis.location = new URL('file:///worker.ts')"],
    ['one without a location', ''],
  ])('includes a worker that serves many people: %s', (_, environment) => {
    const output = runFresh(`${SERVER}
      globalThis.WorkerGlobalScope = Object
      ${environment}
      console.log(await codeOf(() => DIDSession.load()))
      process.exit()`)
    expect(output.trim()).toBe('ERR_ENVIRONMENT')
  })
})

describe('a wallet that never answers', () => {
  // Node 24 has Web Locks, which all code in the process shares; older versions get a substitute here.
  const LOCKS = `
    const held = new Map()
    const locks = {
      async request(name, options, work) {
        const before = held.get(name) ?? Promise.resolve()
        const mine = before.then(() => (work ?? options)({ name }))
        held.set(name, mine.catch(() => undefined))
        return mine
      },
    }
    Object.defineProperty(globalThis, 'navigator', { value: { locks, userAgent: 'Node.js/24' } })`

  it.each([
    ['', ''],
    [', where there are Web Locks', LOCKS],
  ])('in one request does not block other requests%s', (_, environment) => {
    const output = runFresh(`${SERVER}
      ${environment}
      let prompts = 0
      const hanging = () => { prompts++; return never() }
      const options = { resources, ...trustOptions }
      for (const account of [A, B]) DIDSession.get(account, hanging, { ...options, store: newStore() })
      while (prompts < 2) await new Promise((resolve) => setTimeout(resolve))
      const store = newStore()
      const session = await DIDSession.get(A, auth, { ...options, store })
      await session.renew(auth)
      console.log((await DIDSession.load(undefined, { ...trustOptions, store }))?.id)
      await DIDSession.remove(A, { store })
      console.log((await DIDSession.get(B, authB, { ...options, store })).id)
      process.exit()`)
    expect(output.trim().split('\n')).toEqual([`did:pkh:${ACCOUNT_A}`, `did:pkh:${ACCOUNT_B}`])
  })

  it('for one person does not block other people in a shared store', () => {
    const output = runFresh(`${SERVER}
      const store = memoryStore()
      let prompts = 0
      DIDSession.get(A, () => { prompts++; return never() }, { resources, store })
      while (prompts < 1) await new Promise((resolve) => setTimeout(resolve))
      const session = await DIDSession.get(B, authB, { resources, store })
      await DIDSession.remove(B, { store })
      console.log(session.id, await codeOf(() => session.sign(new Uint8Array(1))))
      process.exit()`)
    expect(output.trim()).toBe(`did:pkh:${ACCOUNT_B} ERR_SESSION_REMOVED`)
  })

  it('or a store that never finishes a write, does not block another person’s sign-out', () => {
    const output = runFresh(`${SERVER}
      const store = memoryStore()
      const session = await DIDSession.get(B, authB, { resources, store })
      const { write } = store
      let isWriting = false
      store.write = (namespace, change) => {
        if (change.put?.some(({ account }) => account === A)) { isWriting = true; return never() }
        return write(namespace, change)
      }
      DIDSession.get(A, auth, { resources, store })
      while (!isWriting) await new Promise((resolve) => setTimeout(resolve))
      await DIDSession.remove(B, { store })
      console.log((await DIDSession.list({ store })).length, await codeOf(() => session.sign(new Uint8Array(1))))
      process.exit()`)
    expect(output.trim()).toBe('0 ERR_SESSION_REMOVED')
  })
})

describe('a message on the BroadcastChannel', () => {
  it('from another thread does not end a session that is still in the store', () => {
    const output = runFresh(`${SERVER}
      const store = newStore()
      const session = await DIDSession.get(A, auth, { resources, store, ...trustOptions })
      const channel = new BroadcastChannel('cacao-session')
      const scope = 'strings\\ndefault'
      channel.postMessage({ scope, removed: [session.keyDID], signedOut: { account: A, anyChain: true, database: 'cacao-session' } })
      const changes = []
      DIDSession.onChange(({ type }) => changes.push(type), { store })
      // Once this one is heard of, so is the other.
      await DIDSession.get(B, authB, { resources, store, ...trustOptions })
      while (changes.length === 0) await new Promise((resolve) => setTimeout(resolve))
      console.log(changes.join(), session.isAuthorized(resources))
      process.exit()`)
    expect(output.trim()).toBe('signed-in true')
  })
})
