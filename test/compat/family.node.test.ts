import { getSolanaVerifier, SolanaNodeAuth, getAccountIdByNetwork as solanaId } from '@didtools/pkh-solana'
import { getStacksVerifier, StacksWebAuth, getAccountIdByNetwork as stacksId } from '@didtools/pkh-stacks'
import { getTezosVerifier, TezosWebAuth, getAccountIdByNetwork as tezosId } from '@didtools/pkh-tezos'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AuthMethod } from '../../src/capability/auth-method.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { Verifiers } from '../../src/capability/verify-signature.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/index.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { solanaVerifiers } from '../../src/wallet/solana/index.js'
import { describeAttacks } from '../setup/attack-capability.js'
import { expectCode } from '../setup/expect-code.js'
import { solanaAdapter } from '../setup/solana-wallet.js'
import { stacksWallet } from '../setup/stacks-wallet.js'
import { tezosWallet } from '../setup/tezos-wallet.js'

// The unchanged auth methods of the did-session family.

const resources = ['https://api.example.com/*']
const domain = 'app.example.com'

// These auth methods need globals of a page.
beforeAll(() => {
  vi.stubGlobal('window', { location: { hostname: domain } })
})
afterAll(() => {
  vi.unstubAllGlobals()
})

interface Signer {
  readonly account: string
  readonly auth: AuthMethod
}

async function solana(seed: number): Promise<Signer> {
  const adapter = solanaAdapter(seed, false)
  await adapter.connect()
  const id = solanaId('mainnet', String(adapter.publicKey))
  const auth = await SolanaNodeAuth.getAuthMethod(adapter, id as never, domain)
  return { account: id.toString(), auth: auth as AuthMethod }
}

async function tezos(seed: number): Promise<Signer> {
  const { address, provider } = tezosWallet(seed)
  const id = tezosId('mainnet', address)
  return {
    account: id.toString(),
    auth: (await TezosWebAuth.getAuthMethod(provider, id as never)) as AuthMethod,
  }
}

async function stacks(seed: number): Promise<Signer> {
  const { address, provider } = stacksWallet(seed)
  const id = stacksId('mainnet', address)
  return {
    account: id.toString(),
    auth: (await StacksWebAuth.getAuthMethod(provider, id as never)) as AuthMethod,
  }
}

const FAMILY: readonly [string, string, (seed: number) => Promise<Signer>, Verifiers][] = [
  ['@didtools/pkh-solana', 'solana:ed25519', solana, solanaVerifiers()],
  ['@didtools/pkh-solana, verified by its own', 'solana:ed25519', solana, getSolanaVerifier() as Verifiers],
  ['@didtools/pkh-tezos', 'tezos:ed25519', tezos, getTezosVerifier() as Verifiers],
  ['@didtools/pkh-stacks', 'stacks:secp256k1', stacks, getStacksVerifier() as Verifiers],
]

describe.each(FAMILY)('%s', (_, type, make, verifiers) => {
  it('signs in with get and authorize, and servers verify the session', async () => {
    const { account, auth } = await make(7)
    const store = memoryStore()
    const session = await DIDSession.get(account, auth, { resources, store, verifiers })
    expect([session.id, session.cacao.s.t]).toEqual([`did:pkh:${account}`, type])
    expect((await DIDSession.load(account, { store, verifiers }))?.keyDID).toBe(session.keyDID)
    const written = (await DIDSession.authorize(auth, { resources, verifiers })).serialize()
    const copy = await DIDSession.fromSession(written, { verifiers })
    const revocation = memoryRevocation()
    const verify = requestVerifier({
      verifiers,
      authority: 'api.example.com',
      domains: [domain],
      resources,
      revocation,
    })
    const request = (): Request => new Request('https://api.example.com/notes')
    for (const signer of [session, copy])
      expect((await verify(await signer.signRequest(request()))).account).toBe(account)
    await revocation.revokeAll(account)
    await expectCode('ERR_CAPABILITY_REVOKED', async () => verify(await copy.signRequest(request())))
  })

  it('is refused for another account', async () => {
    const [{ auth }, { account }] = [await make(7), await make(8)]
    await expectCode('ERR_CAPABILITY_ISSUER', () =>
      DIDSession.get(account, auth, { resources, store: memoryStore(), verifiers }),
    )
  })

  it('does not verify for another issuer', async () => {
    const { auth, account } = await make(7)
    const { cacao } = await DIDSession.authorize(auth, { resources })
    await verifyCacao(cacao, { verifiers, issuer: account })
    const { account: other } = await make(8)
    await expectCode('ERR_CAPABILITY_ISSUER', () => verifyCacao(cacao, { verifiers, issuer: other }))
  })
})

for (const [name, , make, verifiers] of FAMILY) {
  describeAttacks(name, async () => ({
    cacao: (await DIDSession.authorize((await make(7)).auth, { resources })).cacao,
    verifiers,
    otherIssuer: `did:pkh:${(await make(8)).account}`,
    now: () => Date.now(),
  }))
}
