import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { type KitOptions, type RainbowKitAuth, rainbowKitAuth } from '../../src/kits/rainbowkit.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { failingStore, type TestWallet, testWallet } from '../../src/testing/index.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { parseEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { expectCode } from '../setup/expect-code.js'
import { runFresh } from '../setup/fresh-process.js'
import { gatedStore } from '../setup/gated-store.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']

let wallet: TestWallet
let store: SessionStore
let options: KitOptions
let auth: RainbowKitAuth

beforeEach(() => {
  wallet = testWallet({ privateKey: KEY_A })
  store = memoryStore()
  options = { resources, store, domain: 'app.example', verifiers: ethereumVerifiers() }
  auth = rainbowKitAuth(options)
})
afterEach(() => auth.adapter.signOut())

const addressOf = (account: string): string => account.split(':')[2] ?? ''
const sign = (message: string, of: TestWallet = wallet): Promise<string> =>
  of.provider.request({
    method: 'personal_sign',
    params: [`0x${Buffer.from(message).toString('hex')}`, addressOf(of.account)],
  }) as Promise<string>

/** The steps of RainbowKit's dialog after a click on its button, up to the wallet's answer. */
async function message(
  { adapter }: RainbowKitAuth = auth,
  of: TestWallet = wallet,
  chainId = 1,
): Promise<string> {
  const nonce = await adapter.getNonce()
  return adapter.createMessage({ nonce, address: addressOf(of.account), chainId })
}

/** All steps of the sign-in. */
async function signIn(kit: RainbowKitAuth = auth, of: TestWallet = wallet, chainId = 1): Promise<boolean> {
  const text = await message(kit, of, chainId)
  return kit.adapter.verify({ message: text, signature: await sign(text, of) })
}

const until = (status: ReturnType<RainbowKitAuth['getStatus']>, of = auth): Promise<void> =>
  vi.waitFor(() => expect(of.getStatus()).toBe(status), SOON)

/** A session that was stored before, as by an earlier page. */
const stored = (of: TestWallet = wallet): Promise<DIDSession> =>
  DIDSession.get(of.account, ethereumAuth(of.provider), { ...options, resources })

/** The session that a page finds in the store. */
const loaded = (of = store) => DIDSession.load(undefined, { store: of })

describe("RainbowKit's adapter", () => {
  it('signs in with a session’s message, and the app gets that session', async () => {
    auth.subscribe(() => undefined)
    await until('unauthenticated')
    const text = await message()
    const { payload } = parseEthereumMessage(text)
    expect(payload).toMatchObject({ domain: 'app.example', resources, iss: `did:pkh:${ACCOUNT_A}` })
    expect(auth.getStatus()).toBe('unauthenticated')
    expect(auth.getSession()).toBeUndefined()
    expect(await auth.adapter.verify({ message: text, signature: await sign(text) })).toBe(true)
    expect(auth.getStatus()).toBe('authenticated')
    const session = auth.getSession()
    expect(session).toMatchObject({ account: ACCOUNT_A, keyDID: payload.aud })
    expect(session?.isAuthorized(resources)).toBe(true)
    expect((await loaded())?.keyDID).toBe(session?.keyDID)
    expect(wallet.prompts).toBe(1)
  })

  it('loads the stored session on a later visit: loading, then authenticated', async () => {
    const { keyDID } = await stored()
    const seen: string[] = []
    expect(auth.getStatus()).toBe('loading')
    auth.subscribe(() => seen.push(auth.getStatus()))
    await until('authenticated')
    expect(auth.getSession()?.keyDID).toBe(keyDID)
    expect(seen).toEqual(['authenticated'])
  })

  it('does not load a session for other resources', async () => {
    await stored()
    auth = rainbowKitAuth({ ...options, resources: ['https://api.example/other/*'] })
    auth.subscribe(() => undefined)
    await until('unauthenticated')
  })

  it('uses the app’s nonce, a string or a function, and otherwise creates one', async () => {
    const nonces = ['abcdefgh1', 'abcdefgh2']
    const asked = rainbowKitAuth({ ...options, nonce: async () => nonces.shift() ?? '' })
    expect(parseEthereumMessage(await message(asked)).payload.nonce).toBe('abcdefgh1')
    expect(nonces).toEqual(['abcdefgh2'])
    const fixed = rainbowKitAuth({ ...options, nonce: 'abcdefgh3', namespace: 'fixed' })
    expect(parseEthereumMessage(await message(fixed)).payload.nonce).toBe('abcdefgh3')
    const [one, two] = [await auth.adapter.getNonce(), await auth.adapter.getNonce()]
    expect(one).toMatch(/^[0-9a-f]{24}$/)
    expect(two).not.toBe(one)
    const failing = rainbowKitAuth({ ...options, nonce: () => Promise.reject(new Error('down')) })
    await expect(failing.adapter.getNonce()).rejects.toMatchObject({
      code: 'ERR_AUTH_FAILED',
      cause: { message: 'down' },
    })
    // As if the server had answered with an error: `nonce: async () => (await response.json()).nonce`.
    const silent = rainbowKitAuth({ ...options, nonce: (async () => undefined) as never })
    await expect(silent.adapter.getNonce()).rejects.toMatchObject({ code: 'ERR_AUTH_FAILED' })
  })

  it('prompts again after the person rejected, which RainbowKit does not report', async () => {
    wallet.behaviour = 'rejects'
    const first = await message()
    await expect(sign(first)).rejects.toMatchObject({ code: 4001 })
    wallet.behaviour = 'approves'
    const second = await message()
    expect(second).not.toBe(first)
    expect(await auth.adapter.verify({ message: second, signature: await sign(second) })).toBe(true)
    expect(auth.getError()).toBeUndefined()
  })

  it('refuses an answer to a message that was replaced, and waits for the later one', async () => {
    const first = await message()
    const second = await message()
    const signature = await sign(first)
    await expectCode('ERR_AUTH_FAILED', () => auth.adapter.verify({ message: first, signature }))
    expect(await auth.adapter.verify({ message: second, signature: await sign(second) })).toBe(true)
  })

  it('refuses an answer after the page was reloaded', async () => {
    const text = await message()
    const reloaded = rainbowKitAuth(options)
    const signature = await sign(text)
    await expectCode('ERR_AUTH_FAILED', () => reloaded.adapter.verify({ message: text, signature }))
    expect(await loaded()).toBeUndefined()
  })

  it.each<[string, (text: string) => Promise<string> | string, SessionErrorCode]>([
    [
      'of another account',
      (text) => sign(text, testWallet({ privateKey: KEY_B })),
      'ERR_CAPABILITY_SIGNATURE',
    ],
    ['of another text', () => sign('another text'), 'ERR_CAPABILITY_SIGNATURE'],
    ['that is none', () => '0x1234', 'ERR_AUTH_FAILED'],
  ])('refuses a signature %s, sets the error, and stores nothing', async (_, answer, code) => {
    const text = await message()
    const signature = await answer(text)
    await expectCode(code, () => auth.adapter.verify({ message: text, signature }))
    expect(auth.getError()?.code).toBe(code)
    expect(auth.getStatus()).toBe('unauthenticated')
    expect(await loaded()).toBeUndefined()
    expect(await signIn()).toBe(true)
    expect(auth.getError()).toBeUndefined()
  })

  it('signs out when the wallet is disconnected, even during a prompt', async () => {
    await signIn()
    const { adapter } = auth
    await adapter.signOut()
    expect([auth.getStatus(), auth.getSession()]).toEqual(['unauthenticated', undefined])
    expect(await DIDSession.list({ store })).toEqual([])
    const text = await message()
    await adapter.signOut()
    const signature = await sign(text)
    await expectCode('ERR_AUTH_FAILED', () => adapter.verify({ message: text, signature }))
    expect(auth.getStatus()).toBe('unauthenticated')
  })

  it('signs out a session that is being stored at that moment', async () => {
    const gate = gatedStore()
    auth = rainbowKitAuth({ ...options, store: gate.store })
    const text = await message()
    const held = gate.close()
    const verified = auth.adapter.verify({ message: text, signature: await sign(text) })
    verified.catch(() => undefined)
    await held
    const signedOut = auth.adapter.signOut()
    gate.open()
    await signedOut
    await verified.catch(() => undefined)
    expect(auth.getStatus()).toBe('unauthenticated')
    expect(await loaded(gate.store)).toBeUndefined()
  })

  it('is unauthenticated once the session was removed elsewhere', async () => {
    await signIn()
    await DIDSession.remove(ACCOUNT_A, { store })
    await until('unauthenticated')
  })

  it('reports a store failure to the app, but not to RainbowKit', async () => {
    const failing = failingStore(memoryStore())
    auth = rainbowKitAuth({ ...options, store: failing })
    await signIn()
    failing.behaviour = 'unavailable'
    await auth.adapter.signOut()
    expect(auth.getError()?.code).toBe('ERR_STORE_UNAVAILABLE')
    failing.behaviour = 'works'
  })

  it('drops the session of an account that the wallet no longer shows, and loads the other account’s', async () => {
    const b = testWallet({ privateKey: KEY_B })
    await stored(b)
    await signIn()
    auth.setAccount(ACCOUNT_A)
    expect(auth.getSession()?.account).toBe(ACCOUNT_A)
    auth.setAccount(ACCOUNT_B)
    expect(auth.getSession()).toBeUndefined()
    await until('authenticated')
    expect(auth.getSession()?.account).toBe(ACCOUNT_B)
    auth.setAccount('eip155:1:0x00000000000000000000000000000000000000aa')
    await until('unauthenticated')
    // The session of the first one is still stored.
    auth.setAccount(ACCOUNT_A)
    await until('authenticated')
    // A locked wallet shows no account.
    auth.setAccount(undefined)
    expect(auth.getSession()?.account).toBe(ACCOUNT_A)
    expect(() => auth.setAccount('0x19E7')).toThrow(TypeError)
  })

  describe('in a tab that learns late that the wallet has changed accounts', () => {
    const b = testWallet({ privateKey: KEY_B })
    /** Another tab signs A out and B in, and this tab has seen it. */
    const switchElsewhere = async (): Promise<void> => {
      await stored()
      auth.subscribe(() => undefined)
      await until('authenticated')
      auth.setAccount(ACCOUNT_A)
      // A tab whose wallet shows no account follows the session used last.
      const without = rainbowKitAuth(options)
      without.subscribe(() => undefined)
      await until('authenticated', without)
      await DIDSession.remove(ACCOUNT_A, { store })
      for (const tab of [auth, without]) await until('unauthenticated', tab)
      await stored(b)
      await until('authenticated', without)
    }

    it('never acts for the new account, whose session another tab has begun, and does not sign it out', async () => {
      await switchElsewhere()
      expect([auth.getStatus(), auth.getSession()]).toEqual(['unauthenticated', undefined])
      // RainbowKit calls this when it learns of the change.
      await auth.adapter.signOut()
      expect((await loaded())?.account).toBe(ACCOUNT_B)
    })

    it('follows the new account once the wallet shows it, and then signs out that one', async () => {
      await switchElsewhere()
      auth.setAccount(ACCOUNT_B)
      await until('authenticated')
      expect(auth.getSession()?.account).toBe(ACCOUNT_B)
      await auth.adapter.signOut()
      expect([auth.getStatus(), await loaded()]).toEqual(['unauthenticated', undefined])
    })

    it('still resumes a session of its own account', async () => {
      await switchElsewhere()
      await stored()
      await until('authenticated')
      expect(auth.getSession()?.account).toBe(ACCOUNT_A)
    })
  })

  it('signs out the account before the change if the app has just told of the new one', async () => {
    const b = testWallet({ privateKey: KEY_B })
    await stored(b)
    await signIn()
    const accounts = async (): Promise<string[]> =>
      (await DIDSession.list({ store })).map((each) => each.account)
    // A listener of wagmi's `watchAccount` runs before that of RainbowKit.
    auth.setAccount(ACCOUNT_B)
    await auth.adapter.signOut()
    expect(await accounts()).toEqual([ACCOUNT_B])
    auth.subscribe(() => undefined)
    await until('authenticated')
    expect(auth.getSession()?.account).toBe(ACCOUNT_B)
    await auth.adapter.signOut()
    expect(await accounts()).toEqual([])
  })

  it('uses the account set before anything is loaded', async () => {
    const b = testWallet({ privateKey: KEY_B })
    await stored()
    await stored(b)
    auth.setAccount(ACCOUNT_A)
    auth.subscribe(() => undefined)
    await until('authenticated')
    expect(auth.getSession()?.account).toBe(ACCOUNT_A)
  })

  it('never returns to loading, because RainbowKit would close an open dialog', async () => {
    const seen = new Set<string>()
    auth.subscribe(() => seen.add(auth.getStatus()))
    await until('unauthenticated')
    auth.setAccount(ACCOUNT_B)
    auth.setAccount(ACCOUNT_A)
    await signIn()
    expect([...seen]).toEqual(['unauthenticated', 'authenticated'])
  })

  it('ends a sign-in when the wallet switches to another account meanwhile', async () => {
    const text = await message()
    auth.setAccount(ACCOUNT_B)
    const signature = await sign(text)
    await expectCode('ERR_AUTH_FAILED', () => auth.adapter.verify({ message: text, signature }))
    await until('unauthenticated')
  })

  it('does not prompt if a session of the account is stored', async () => {
    await stored()
    const asked = auth.adapter.createMessage({
      nonce: 'abcdefgh1',
      address: addressOf(ACCOUNT_A),
      chainId: 1,
    })
    await expectCode('ERR_AUTH_FAILED', () => asked)
    expect([auth.getStatus(), auth.getError()]).toEqual(['authenticated', undefined])
  })

  it('uses a session on any chain with anyChain, and otherwise only on its own chain', async () => {
    await stored()
    auth.setAccount(ACCOUNT_A.replace(':1:', ':137:'))
    auth.subscribe(() => undefined)
    await until('unauthenticated')
    auth = rainbowKitAuth({ ...options, anyChain: true })
    auth.setAccount(ACCOUNT_A.replace(':1:', ':137:'))
    auth.subscribe(() => undefined)
    await until('authenticated')
  })

  it('writes the address in lower case with lowerCaseAddress, for nodes of js-ceramic', async () => {
    expect(await message()).toContain(ADDRESS_A)
    await auth.adapter.signOut()
    auth = rainbowKitAuth({ ...options, lowerCaseAddress: true })
    expect(await signIn()).toBe(true)
    expect(wallet.texts.at(-1)).toContain(addressOf(ACCOUNT_A))
  })

  it('writes the wallet’s chain into the message', async () => {
    expect(await message(auth, wallet, 137)).toContain('Chain ID: 137')
  })

  it.each<[string, object]>([
    ['resources', {}],
    ['resource', { resource: ['https://api.example/*'] }],
    ['expiresInSecs', { resources, expiresInSecs: undefined }],
    ['rpc', { resources, rpc: 'ftp://x' }],
    ['rpcTimeoutMs', { resources, rpcTimeoutMs: 0 }],
    ['signal', { resources, signal: AbortSignal.abort() }],
  ])('throws for a wrong option: %s', (name, wrong) => {
    expect(() => rainbowKitAuth(wrong as KitOptions)).toThrow(TypeError)
    expect(() => rainbowKitAuth(wrong as KitOptions)).toThrow(name)
  })
})

it('signs in even if a listener of the app throws, whose error is reported', () => {
  const output = runFresh(`
    import { rainbowKitAuth } from 'cacao-session/rainbowkit'
    import { memoryStore } from 'cacao-session/stores'
    import { testWallet } from 'cacao-session/testing'
    let errors = 0
    process.on('uncaughtException', () => errors++)
    const wallet = testWallet()
    const store = memoryStore()
    const auth = rainbowKitAuth({ resources: ['a:b'], store, domain: 'app.example' })
    auth.subscribe(() => { throw new Error('the page fails') })
    let told = 0
    auth.subscribe(() => told++)
    const address = wallet.account.split(':')[2]
    const message = await auth.adapter.createMessage({ nonce: await auth.adapter.getNonce(), address, chainId: 1 })
    const params = ['0x' + Buffer.from(message).toString('hex'), address]
    const signature = await wallet.provider.request({ method: 'personal_sign', params })
    const isVerified = await auth.adapter.verify({ message, signature })
    await auth.adapter.signOut()
    console.log(JSON.stringify([isVerified, told > 0, errors === told, auth.getStatus()]))`)
  expect(JSON.parse(output)).toEqual([true, true, true, 'unauthenticated'])
})
