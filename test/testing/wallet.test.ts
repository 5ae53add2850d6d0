import { privateKeyToAccount } from 'viem/accounts'
import { beforeEach, describe, expect, it } from 'vitest'
import { DIDSession, type SessionErrorCode } from '../../src/index.js'
import { memoryStore } from '../../src/stores.js'
import { type TestWallet, testWallet, type WalletBehaviour } from '../../src/testing/index.js'
import {
  ethereumAccount,
  ethereumAuth,
  type WalletChange,
  watchWallet,
} from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A, KEY_B } from '../setup/wallet.js'

// Used as in the tests of an app.
const resources = ['https://api.example.com/notes/*']
let wallet: TestWallet
beforeEach(() => {
  wallet = testWallet()
})

async function signIn(store = memoryStore()): Promise<DIDSession> {
  const account = await ethereumAccount(wallet.provider)
  const auth = ethereumAuth(wallet.provider, account, { domain: 'app.example.com' })
  return DIDSession.get(account, auth, { resources, store })
}

const ask = (method: string, ...params: unknown[]): Promise<unknown> =>
  wallet.provider.request({ method, params })

describe('a wallet for tests', () => {
  it('signs in, and records the texts that the person saw', async () => {
    const session = await signIn()
    expect(session.id).toBe(`did:pkh:${wallet.account}`)
    expect(session.isAuthorized(resources)).toBe(true)
    expect(wallet.prompts).toBe(1)
    expect(wallet.texts[0]).toContain('app.example.com wants you to sign in with your Ethereum account:')
    expect(wallet.calls).toEqual(['eth_requestAccounts', 'eth_chainId', 'personal_sign'])
  })

  it('makes the same signature as viem with the same key', async () => {
    const message = 'Buy cacao beans, and “ü”.'
    const signature = await privateKeyToAccount(KEY_A).signMessage({ message })
    const hex = `0x${Array.from(new TextEncoder().encode(message), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
    expect(await ask('personal_sign', hex, ADDRESS_A)).toBe(signature)
    expect(await ask('personal_sign', message, ADDRESS_A)).toBe(signature)
    expect(wallet.texts).toEqual([message, message])
    wallet.switchAccount(KEY_B)
    expect(await ask('personal_sign', hex, ADDRESS_A)).not.toBe(signature)
  })

  it.each<[WalletBehaviour, SessionErrorCode]>([
    ['rejects', 'ERR_AUTH_REJECTED'],
    ['signs-as-another', 'ERR_CAPABILITY_SIGNATURE'],
    ['signs-another-text', 'ERR_CAPABILITY_SIGNATURE'],
    ['answers-garbage', 'ERR_AUTH_FAILED'],
    [{ throws: { code: -32603, message: 'Internal error' } }, 'ERR_AUTH_FAILED'],
    [{ answers: null }, 'ERR_AUTH_FAILED'],
  ])('%o, and then approves', async (behaviour, code) => {
    wallet.behaviour = behaviour
    const store = memoryStore()
    await expectCode(code, () => signIn(store))
    expect(wallet.prompts).toBe(1)
    expect(await DIDSession.load(undefined, { store })).toBeUndefined()
    wallet.behaviour = 'approves'
    expect((await signIn(store)).id).toBe(`did:pkh:${ACCOUNT_A}`)
  })

  it.each<[WalletBehaviour, (call: Promise<DIDSession>) => Promise<unknown>]>([
    ['approves', async (call) => expect((await call).hasSession).toBe(true)],
    ['rejects', (call) => expectCode('ERR_AUTH_REJECTED', () => call)],
  ])('hangs until the person answers, and %s', async (behaviour, outcome) => {
    wallet.behaviour = 'hangs'
    let isOver = false
    const call = signIn()
    void call
      .catch(() => undefined)
      .then(() => {
        isOver = true
      })
    expect(await wallet.prompted()).toBe(wallet.texts[0])
    await new Promise((resolve) => setTimeout(resolve))
    expect(isOver).toBe(false)
    wallet.behaviour = behaviour
    await outcome(call)
  })

  it('resolves for everyone who waits for a prompt', async () => {
    const [second, first] = [wallet.prompted(2), wallet.prompted()]
    await signIn()
    expect(await first).toBe(wallet.texts[0])
    await signIn()
    expect(await second).toBe(wallet.texts[1])
    expect(await failureOf(() => wallet.prompted(0))).toBeInstanceOf(TypeError)
  })

  it('answers one prompt, and hangs with the next', async () => {
    wallet.behaviour = 'hangs'
    const first = signIn()
    await wallet.prompted()
    wallet.behaviour = 'approves'
    wallet.behaviour = 'hangs'
    await first
    const controller = new AbortController()
    const second = failureOf(() =>
      DIDSession.get(ACCOUNT_A, ethereumAuth(wallet.provider, ACCOUNT_A, { domain: 'a.example' }), {
        resources,
        store: memoryStore(),
        signal: controller.signal,
      }),
    )
    await wallet.prompted(2)
    controller.abort(new Error('left'))
    expect(String(await second)).toContain('left')
  })

  it('asks before it shows its account to a site that is not connected', async () => {
    wallet = testWallet({ connected: false, behaviour: 'rejects' })
    expect(await ethereumAccount(wallet.provider, { silent: true })).toBeUndefined()
    await expectCode('ERR_AUTH_REJECTED', () => ethereumAccount(wallet.provider))
    expect(await failureOf(() => ask('personal_sign', '0x61', ADDRESS_A))).toMatchObject({ code: 4100 })
    wallet.behaviour = 'approves'
    expect(await ethereumAccount(wallet.provider)).toBe(ACCOUNT_A)
    expect(await ethereumAccount(wallet.provider, { silent: true })).toBe(ACCOUNT_A)
    expect(wallet.prompts).toBe(0)
  })

  it('switches the account and the chain, locks and unlocks, and emits events', async () => {
    const told: WalletChange[] = []
    let wake = (): void => undefined
    const stop = watchWallet(wallet.provider, (change) => {
      told.push(change)
      wake()
    })
    const next = async (act: () => void): Promise<string | undefined> => {
      const change = new Promise<void>((resolve) => {
        wake = resolve
      })
      act()
      await change
      return told.at(-1)?.account
    }
    expect(await next(() => wallet.switchAccount())).toBe(ACCOUNT_B)
    expect(wallet.account).toBe(ACCOUNT_B)
    expect(await next(() => wallet.switchChain(137))).toBe(ACCOUNT_B.replace(':1:', ':137:'))
    expect(wallet.account).toBe(ACCOUNT_B.replace(':1:', ':137:'))
    expect(await next(() => wallet.lock())).toBeUndefined()
    await expectCode('ERR_AUTH_FAILED', () =>
      ethereumAuth(wallet.provider, ACCOUNT_B, { domain: 'a.example' })({ uri: 'did:key:z6Mk', resources }),
    )
    // A locked wallet emits no account.
    wallet.switchAccount()
    expect(await ethereumAccount(wallet.provider, { silent: true })).toBeUndefined()
    wallet.switchAccount()
    expect(await next(() => wallet.unlock())).toBe(wallet.account)
    expect((await signIn()).id).toBe(`did:pkh:${wallet.account}`)
    expect(await next(() => wallet.switchAccount())).toBe(ACCOUNT_A.replace(':1:', ':137:'))
    stop()
    expect(wallet.listeners).toBe(0)
  })

  it('signs nothing while it is locked, not even for an open prompt', async () => {
    const signature = await ask('personal_sign', '0x61', ADDRESS_A)
    const asked = (): Promise<unknown> => {
      wallet.behaviour = 'hangs'
      return ask('personal_sign', '0x61', ADDRESS_A)
    }
    const locked = failureOf(asked)
    await wallet.prompted(2)
    wallet.lock()
    wallet.behaviour = 'approves'
    expect(await locked).toMatchObject({ code: 4100 })
    wallet.unlock()
    const unlocked = asked()
    await wallet.prompted(3)
    wallet.lock()
    wallet.unlock()
    wallet.behaviour = 'approves'
    expect(await unlocked).toBe(signature)
  })

  it('refuses unknown methods, and messages that are not text', async () => {
    expect(await failureOf(() => ask('eth_sendTransaction', {}))).toMatchObject({ code: 4200 })
    expect(await failureOf(() => ask('personal_sign', '0xff', ADDRESS_A))).toMatchObject({ code: -32602 })
    expect(await failureOf(() => ask('personal_sign'))).toMatchObject({ code: -32602 })
    expect(wallet.prompts).toBe(0)
  })

  it.each([
    ['a key that is too short', { privateKey: '0x1234' }],
    ['a key beyond the curve', { privateKey: `0x${'ff'.repeat(32)}` }],
    ['chain 0', { chainId: 0 }],
    ['an unknown behaviour', { behaviour: 'sign' as WalletBehaviour }],
  ])('refuses %s', async (_, options) => {
    const error = await failureOf(() => testWallet(options))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).not.toContain('1234')
  })
})

it('refuses a misspelt option, with which a wallet that should reject would approve', () => {
  expect(testWallet({ behaviour: 'rejects' }).behaviour).toBe('rejects')
  expect(() => testWallet({ behavior: 'rejects' } as never)).toThrow('there is no option "behavior" here')
})
