import nacl from 'tweetnacl'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toBase58 } from '../../src/key/session-key.js'
import { type AppKitAuth, type AppKitOptions, appKitAuth, type SIWXMessage } from '../../src/kits/appkit.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { failingStore, type TestWallet, testWallet } from '../../src/testing/index.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { solanaVerifiers } from '../../src/wallet/solana/index.js'
import { expectCode } from '../setup/expect-code.js'
import { SOLANA_MAINNET, testSolanaWallet } from '../setup/solana-wallet.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const CHAIN = 'eip155:1'

let wallet: TestWallet
let store: SessionStore
let options: AppKitOptions
let auth: AppKitAuth

beforeEach(() => {
  wallet = testWallet({ privateKey: KEY_A })
  store = memoryStore()
  const verifiers = { ...ethereumVerifiers(), ...solanaVerifiers() }
  options = { resources, store, domain: 'app.example', verifiers }
  auth = appKitAuth(options)
})
afterEach(() => auth.siwx.setSessions([]))

const addressOf = (account: string): string => account.split(':')[2] ?? ''
const sign = (message: string): Promise<string> =>
  wallet.provider.request({
    method: 'personal_sign',
    params: [`0x${Buffer.from(message).toString('hex')}`, addressOf(wallet.account)],
  }) as Promise<string>

/** The steps of AppKit's dialog after a click on its button. */
async function signIn(
  { siwx }: AppKitAuth = auth,
  accountAddress = addressOf(wallet.account),
): Promise<void> {
  const data = await siwx.createMessage({ chainId: CHAIN, accountAddress })
  const message = data.toString()
  await siwx.addSession({ data, message, signature: await sign(message) })
}

const until = (status: ReturnType<AppKitAuth['getStatus']>): Promise<void> =>
  vi.waitFor(() => expect(auth.getStatus()).toBe(status), SOON)

describe("AppKit's configuration", () => {
  it('signs in with a session’s message, returns its fields, and lists the session', async () => {
    const { siwx } = auth
    expect(await siwx.getSessions(CHAIN, addressOf(ACCOUNT_A))).toEqual([])
    const message = await siwx.createMessage({ chainId: CHAIN, accountAddress: addressOf(ACCOUNT_A) })
    const text = message.toString()
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        `URI: ${message.uri}`,
        `Nonce: ${message.nonce}`,
        `Issued At: ${message.issuedAt}`,
        `Expiration Time: ${message.expirationTime}`,
        message.statement,
        `- ${resources[0]}`,
      ]),
    )
    expect(message).toMatchObject({
      domain: 'app.example',
      chainId: CHAIN,
      accountAddress: addressOf(ACCOUNT_A),
      version: '1',
      resources,
    })
    const signature = await sign(text)
    await siwx.addSession({ data: message, message: text, signature })
    const session = auth.getSession()
    expect([session?.account, session?.keyDID]).toEqual([ACCOUNT_A, message.uri])
    const { toString: _, ...data } = message
    expect(await siwx.getSessions(CHAIN, addressOf(ACCOUNT_A))).toEqual([{ data, message: text, signature }])
    expect(await siwx.getSessions('eip155:137', addressOf(ACCOUNT_A))).toEqual([])
    expect(await siwx.getSessions(CHAIN, addressOf(ACCOUNT_B))).toEqual([])
    expect(auth.getSession()).toBe(session)
  })

  it('loads the stored session of the account that the wallet shows', async () => {
    for (const of of [wallet, testWallet({ privateKey: KEY_B })])
      await DIDSession.get(of.account, ethereumAuth(of.provider), { store, resources, domain: 'app.example' })
    expect(await auth.siwx.getSessions(CHAIN, addressOf(ACCOUNT_A))).toHaveLength(1)
    expect([auth.getStatus(), auth.getSession()?.account]).toEqual(['authenticated', ACCOUNT_A])
    expect(await auth.siwx.getSessions(CHAIN, addressOf(ACCOUNT_B))).toHaveLength(1)
    expect(auth.getSession()?.account).toBe(ACCOUNT_B)
    expect(await auth.siwx.getSessions('eip155:10', addressOf(ACCOUNT_B))).toEqual([])
    const anyChain = appKitAuth({ ...options, anyChain: true })
    expect(await anyChain.siwx.getSessions('eip155:10', addressOf(ACCOUNT_B))).toHaveLength(1)
  })

  it('signs in with Solana, whose signature AppKit writes in base58', async () => {
    const { address, account } = testSolanaWallet(7)
    const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7))
    const chainId = `solana:${SOLANA_MAINNET}`
    const data = await auth.siwx.createMessage({ chainId, accountAddress: address })
    const message = data.toString()
    expect(message).toContain('your Solana account')
    const signature = toBase58(nacl.sign.detached(Buffer.from(message), pair.secretKey))
    await auth.siwx.addSession({ data, message, signature })
    expect(auth.getSession()?.account).toBe(account)
    const [listed] = await auth.siwx.getSessions(chainId, address)
    expect([listed?.message, listed?.signature]).toEqual([message, signature])
  })

  it('names its accounts when it is called for another kind', async () => {
    const asked = auth.siwx.createMessage({
      chainId: 'bip122:000000000019d6689c085ae165831e93',
      accountAddress: '128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6',
    })
    const error = await expectCode('ERR_AUTH_FAILED', () => asked)
    expect(error.message).toContain('Ethereum or Solana')
  })

  it('refuses signatures of other accounts, and answers to messages that were replaced', async () => {
    const { siwx } = auth
    const data = await siwx.createMessage({ chainId: CHAIN, accountAddress: addressOf(ACCOUNT_B) })
    const message = data.toString()
    const signature = await sign(message)
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => siwx.addSession({ data, message, signature }))
    await expectCode('ERR_AUTH_FAILED', () => siwx.addSession({ data, message, signature }))
    await expectCode('ERR_AUTH_FAILED', () => siwx.setSessions([{ data, message, signature }]))
    expect(auth.getStatus()).toBe('unauthenticated')
    expect(await DIDSession.list({ store })).toEqual([])
  })

  it.each([
    ['', 'one-click authentication by WalletConnect'],
    ['<<AccountAddress>>', 'a wallet by e-mail'],
  ])(
    'creates no session from a signature made before the wallet’s account is known (%j: %s)',
    async (accountAddress) => {
      const { siwx } = auth
      const data = await siwx.createMessage({ chainId: CHAIN, accountAddress })
      expect(data).toMatchObject({ domain: 'app.example', uri: 'https://app.example', chainId: CHAIN })
      expect(data.resources).toBeUndefined()
      const lifetime = Date.parse(data.expirationTime ?? '') - Date.parse(data.issuedAt ?? '')
      expect(lifetime).toBe(300_000)
      expect(data.toString()).toContain('The app asks you to sign in next.')
      const known = { ...data, accountAddress: addressOf(ACCOUNT_A) }
      const message = data.toString().replace(`\n${accountAddress}\n`, `\n${addressOf(ACCOUNT_A)}\n`)
      const session = { data: known, message, signature: await sign(message) }
      // AppKit disconnects the wallet if this rejects.
      await siwx.setSessions([session])
      expect(await siwx.getSessions(CHAIN, addressOf(ACCOUNT_A))).toEqual([])
      await expectCode('ERR_AUTH_FAILED', () => siwx.addSession(session))
      await signIn()
      expect(await siwx.getSessions(CHAIN, addressOf(ACCOUNT_A))).toHaveLength(1)
    },
  )

  it('accepts the messages that a wallet signed for several chains in one click', async () => {
    const { siwx } = auth
    const { nonce } = await siwx.createMessage({ chainId: CHAIN, accountAddress: '' })
    const signed = async (chainId: string, of: string) => {
      const message = `a message for ${chainId} with the nonce ${of}`
      const accountAddress = addressOf(ACCOUNT_A)
      const data = {
        accountAddress,
        chainId,
        domain: 'app.example',
        uri: 'https://app.example',
        version: '1',
      }
      return { data: { ...data, nonce: of }, message, signature: await sign(message) }
    }
    // AppKit disconnects the wallet if this rejects.
    await siwx.setSessions([await signed(CHAIN, nonce), await signed('eip155:10', nonce)])
    expect([auth.getSession(), await DIDSession.list({ store })]).toEqual([undefined, []])
    await expectCode('ERR_AUTH_FAILED', async () => siwx.setSessions([await signed(CHAIN, nonce)]))
    const { nonce: second } = await siwx.createMessage({ chainId: CHAIN, accountAddress: '' })
    const forged = await signed('eip155:10', 'a0b1c2d3e4f5')
    await expectCode('ERR_AUTH_FAILED', async () => siwx.setSessions([await signed(CHAIN, second), forged]))
  })

  it('accepts the message of a wallet whose account was not known again if another sign-in of the same call failed', async () => {
    const { siwx } = auth
    const connection = await siwx.createMessage({ chainId: CHAIN, accountAddress: '' })
    const accountAddress = addressOf(ACCOUNT_A)
    const connected = { data: { ...connection, accountAddress }, message: 'any', signature: '0x' }
    const forged = { ...connected, data: { ...connected.data, nonce: 'a0b1c2d3e4f5' } }
    await expectCode('ERR_AUTH_FAILED', () => siwx.setSessions([connected, forged]))
    await siwx.setSessions([connected])
    // Now it was answered, and is not accepted any more.
    await expectCode('ERR_AUTH_FAILED', () => siwx.setSessions([connected]))
  })

  it('remembers the last 100 messages that wait for an account, and no more', async () => {
    const { siwx } = auth
    const messages: SIWXMessage[] = []
    for (let i = 0; i < 101; i++)
      messages.push(await siwx.createMessage({ chainId: CHAIN, accountAddress: '' }))
    const answer = async (data?: SIWXMessage) => {
      if (data)
        await siwx.addSession({ data, message: data.toString(), signature: await sign(data.toString()) })
    }
    await expectCode('ERR_AUTH_FAILED', () => answer(messages[0]))
    await answer(messages[1])
    await answer(messages[100])
  })

  it('signs out when AppKit disconnects or revokes', async () => {
    await signIn()
    await auth.siwx.setSessions([])
    expect([auth.getStatus(), await DIDSession.list({ store })]).toEqual(['unauthenticated', []])
    await signIn()
    await auth.siwx.revokeSession(CHAIN, addressOf(ACCOUNT_B))
    expect(auth.getStatus()).toBe('authenticated')
    await auth.siwx.revokeSession(CHAIN, addressOf(ACCOUNT_A))
    await until('unauthenticated')
    expect(await DIDSession.list({ store })).toEqual([])
  })

  it('does not sign out the account that another tab has signed in since AppKit asked for the session', async () => {
    const signInElsewhere = (of: TestWallet) =>
      DIDSession.get(of.account, ethereumAuth(of.provider), { store, resources, domain: 'app.example' })
    await signInElsewhere(wallet)
    auth.subscribe(() => undefined)
    await until('authenticated')
    expect(await auth.siwx.getSessions(CHAIN, addressOf(ACCOUNT_A))).toHaveLength(1)
    const without = appKitAuth(options)
    without.subscribe(() => undefined)
    await vi.waitFor(() => expect(without.getStatus()).toBe('authenticated'), SOON)
    await DIDSession.remove(ACCOUNT_A, { store })
    await vi.waitFor(() => expect(without.getStatus()).toBe('unauthenticated'), SOON)
    await signInElsewhere(testWallet({ privateKey: KEY_B }))
    await vi.waitFor(() => expect(without.getSession()?.account).toBe(ACCOUNT_B), SOON)
    await auth.siwx.setSessions([])
    expect((await DIDSession.list({ store })).map(({ account }) => account)).toEqual([ACCOUNT_B])
    await without.siwx.setSessions([])
    expect(await DIDSession.list({ store })).toEqual([])
  })

  it('rejects if the session may still be stored, and lists no session of a failing store', async () => {
    const failing = failingStore(memoryStore())
    const other = appKitAuth({ ...options, store: failing })
    await signIn(other)
    failing.behaviour = 'unavailable'
    await expectCode('ERR_STORE_UNAVAILABLE', () => other.siwx.setSessions([]))
    expect(await other.siwx.getSessions(CHAIN, addressOf(ACCOUNT_A))).toEqual([])
    failing.behaviour = 'works'
    await other.siwx.setSessions([])
  })

  it('returns to AppKit whether sign-in is required, and whether to sign out on disconnect', () => {
    const defaults = appKitAuth({ resources }).siwx
    expect([defaults.getRequired(), defaults.signOutOnDisconnect]).toEqual([true, true])
    const { siwx } = appKitAuth({ resources, required: false, signOutOnDisconnect: false })
    expect([siwx.getRequired(), siwx.signOutOnDisconnect]).toEqual([false, false])
    for (const name of ['required', 'signOutOnDisconnect'])
      expect(() => appKitAuth({ resources, [name]: 'yes' } as never)).toThrow(`${name} must be true or false`)
    expect(() => appKitAuth({ resources, requried: true } as never)).toThrow('there is no option "requried"')
  })
})
