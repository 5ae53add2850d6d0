import { DID } from 'dids'
import { createWalletClient, custom } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { didKeyResolver } from '../../src/compat/did.js'
import { toDID } from '../../src/compat/dids.js'
import { DIDSession } from '../../src/index.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { memoryRevocation, requestVerifier } from '../../src/verify.js'
import { ethereumAccount, ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { ANVIL_CHAIN } from '../setup/anvil.js'
import { describeAttacks } from '../setup/attack-capability.js'
import { expectCode } from '../setup/expect-code.js'
import {
  accountOn,
  OWNER,
  type SmartAccounts,
  STARTUP_MS,
  startSmartAccounts,
} from '../setup/smart-accounts.js'
import { type SmartWallet, smartWallet } from '../setup/smart-wallet.js'
import { KEY_B } from '../setup/wallet.js'

const OTHER = privateKeyToAccount(KEY_B)
const resources = ['https://api.example.com/notes/*']
const options = { domain: 'app.example.com' }
const salt = (number: number): `0x${string}` => `0x${number.toString(16).padStart(64, '0')}`

let chain: SmartAccounts
beforeAll(async () => {
  chain = await startSmartAccounts()
}, STARTUP_MS)
afterAll(() => chain?.stop())

const verifiersOf = (url: string) => ethereumVerifiers({ rpc: { [ANVIL_CHAIN]: url } })
let used = 100
/** A wallet of an account that may be deployed or not. */
const walletOf = async (isDeployed: boolean): Promise<SmartWallet & { address: `0x${string}` }> => {
  const own = salt(used++)
  const address = isDeployed ? await chain.put() : await chain.addressOf(own)
  const wrap = (signature: `0x${string}`): string => (isDeployed ? signature : chain.wrap(signature, own))
  return { ...smartWallet(chain, address, wrap), address }
}

describe.each([
  ['deployed', true],
  ['not deployed yet', false],
])('the session of an account that is %s', (_, isDeployed) => {
  it('can be stored, loaded, renewed and revoked', async () => {
    const { provider, calls, address } = await walletOf(isDeployed)
    const verifiers = verifiersOf(chain.url)
    const store = memoryStore()
    const account = await ethereumAccount(provider)
    expect(account).toBe(accountOn(address))
    const auth = ethereumAuth(provider, account, options)
    const got = await DIDSession.get(account, auth, { resources, store, verifiers })
    expect(got.cacao.s.t).toBe('eip1271')
    expect(got.id).toBe(`did:pkh:${account}`)

    const session = await DIDSession.load(account, { store, verifiers })
    if (!session) throw new Error('it was not kept')
    expect(session.keyDID).toBe(got.keyDID)
    await DIDSession.get(account, auth, { resources, store, verifiers })
    expect(calls.filter((method) => method === 'personal_sign')).toHaveLength(1)

    const revocation = memoryRevocation()
    const verify = requestVerifier({
      verifiers,
      authority: 'api.example.com',
      domains: ['app.example.com'],
      resources,
      revocation,
    })
    const request = (): Promise<Request> =>
      session.signRequest(new Request('https://api.example.com/notes/1', { method: 'POST', body: 'x' }))
    expect(await verify(await request())).toMatchObject({ account, keyDID: session.keyDID })
    await verify(await request())
    await revocation.revoke(session.cacao)
    await expectCode('ERR_CAPABILITY_REVOKED', async () => verify(await request()))
  })

  it('can be moved in a string, which is verified on the chain too', async () => {
    const { provider } = await walletOf(isDeployed)
    const session = await DIDSession.authorize(ethereumAuth(provider, undefined, options), { resources })
    const text = session.serialize()
    const verifiers = verifiersOf(chain.url)
    expect((await DIDSession.fromSession(text, { verifiers })).id).toBe(session.id)
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () =>
      DIDSession.fromSession(text, { verifiers: ethereumVerifiers() }),
    )
  })
})

it('a server refuses the next request after the account’s owner changed', async () => {
  const { provider, address } = await walletOf(true)
  const session = await DIDSession.authorize(ethereumAuth(provider, undefined, options), { resources })
  const request = (): Promise<Request> => session.signRequest(new Request('https://api.example.com/notes/1'))
  const server = { authority: 'api.example.com', domains: ['app.example.com'], resources }
  const verify = requestVerifier({ ...server, verifiers: verifiersOf(chain.url) })
  await verify(await request())
  await chain.setOwner(address, OTHER.address)
  await expectCode('ERR_CAPABILITY_SIGNATURE', async () => verify(await request()))
})

it('dids verifies JWS of a contract account’s session, on the chain too', async () => {
  const { provider, address } = await walletOf(true)
  const session = await DIDSession.authorize(ethereumAuth(provider, undefined, options), { resources })
  const jws = await (await toDID(session)).createJWS({ hello: 'world' })
  const check = async (verifiers: ReturnType<typeof verifiersOf>): Promise<unknown> => {
    const given = { issuer: session.id, capability: session.cacao, verifiers } as Parameters<
      DID['verifyJWS']
    >[1]
    return (await new DID({ resolver: didKeyResolver }).verifyJWS(jws, given)).payload
  }
  expect(await check(verifiersOf(chain.url))).toEqual({ hello: 'world' })
  await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => check(ethereumVerifiers()))
  await chain.setOwner(address, OTHER.address)
  await expectCode('ERR_CAPABILITY_SIGNATURE', () => check(verifiersOf(chain.url)))
})

it('while the chain is down, nobody is prompted and the session is kept', async () => {
  const { provider, calls, address } = await walletOf(true)
  const [account, store] = [accountOn(address), memoryStore()]
  const auth = ethereumAuth(provider, account, options)
  const { keyDID } = await DIDSession.get(account, auth, { resources, store })
  const down = { store, verifiers: verifiersOf('http://127.0.0.1:1') }
  await expectCode('ERR_RPC_UNAVAILABLE', () => DIDSession.get(account, auth, { resources, ...down }))
  await expectCode('ERR_RPC_UNAVAILABLE', () => DIDSession.load(account, { resources, ...down }))
  await expectCode('ERR_RPC_UNAVAILABLE', () => DIDSession.hasSessionFor(account, resources, down))
  expect(calls.filter((method) => method === 'personal_sign')).toHaveLength(1)
  const up = { resources, store, verifiers: verifiersOf(chain.url) }
  expect((await DIDSession.get(account, auth, up)).keyDID).toBe(keyDID)
  await chain.setOwner(address, OTHER.address)
  expect(await DIDSession.load(account, up)).toBeUndefined()
})

describe('ethereumAuth', () => {
  const sign = async (signer: unknown, account: string, more: object = {}): Promise<string> => {
    const auth = ethereumAuth(signer as SmartWallet['provider'], account, { ...options, ...more })
    return (await auth({ uri: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3', resources })).s.t
  }

  it('calls the chain through the wallet, its library, or the rpc option', async () => {
    const { provider, address, calls } = await walletOf(false)
    const account = accountOn(address)
    expect(await sign(provider, account)).toBe('eip1271')
    expect(calls.sort()).toEqual(['eth_call', 'eth_chainId', 'personal_sign'])
    const client = createWalletClient({ account: address, transport: custom(provider) })
    expect(await sign(client, account)).toBe('eip1271')
    const signMessage = async (message: string): Promise<unknown> =>
      client.signMessage({ message, account: address })
    const ethers = { getAddress: async () => address, signMessage }
    const send = async (method: string, params: unknown): Promise<unknown> =>
      provider.request({ method, params })
    expect(await sign({ ...ethers, provider: { send } }, account)).toBe('eip1271')
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => sign({ ...ethers, provider: null }, account))
    expect(await sign(ethers, account, { rpc: chain.url })).toBe('eip1271')
    // For chains that the option doesn't name, the wallet is asked.
    expect(await sign(provider, account, { rpc: { 1: 'http://127.0.0.1:1' } })).toBe('eip1271')
    await expectCode('ERR_RPC_UNAVAILABLE', () => sign(provider, account, { rpc: 'http://127.0.0.1:1' }))
  })

  it('refuses a signature of another account or for another chain', async () => {
    const [{ address }, { provider }] = [await walletOf(false), await walletOf(false)]
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => sign(provider, accountOn(address)))
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      sign(smartWallet(chain, address).provider, accountOn(OTHER.address)),
    )
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => sign(provider, accountOn(address, 1)))
  })

  it('accepts the signature of the account’s own key without calling the chain', async () => {
    const { provider, calls } = smartWallet(chain, OWNER.address)
    expect(await sign(provider, accountOn(OWNER.address))).toBe('eip191')
    expect(calls).toEqual(['personal_sign'])
  })
})

for (const [kind, isDeployed] of [
  ['contract accounts', true],
  ['contract accounts that are not deployed yet', false],
] as const) {
  const make = async (): Promise<DIDSession> => {
    const { provider } = await walletOf(isDeployed)
    return DIDSession.authorize(ethereumAuth(provider, undefined, options), { resources })
  }
  const makeBoth = async (): Promise<DIDSession[]> => [await make(), await make()]
  let both: Promise<DIDSession[]> | undefined
  describeAttacks(kind, async () => {
    both ??= makeBoth()
    const [{ cacao }, another] = (await both) as [DIDSession, DIDSession]
    return { cacao, verifiers: verifiersOf(chain.url), otherIssuer: another.cacao.p.iss, now: Date.now }
  })
}
