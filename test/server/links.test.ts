import { beforeEach, describe, expect, it } from 'vitest'
import type { AuthMethodOpts } from '../../src/capability/auth-method.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { stringifyCacao } from '../../src/capability/dag-json.js'
import { type Caller, callerUnder } from '../../src/http/capability-gate.js'
import { type Nonces, nonces } from '../../src/http/nonces.js'
import { memoryReplay } from '../../src/http/replay.js'
import { signRequest } from '../../src/http/sign-request.js'
import { verifyRequest } from '../../src/http/verify-request.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import {
  type LinkRequest,
  type LinkRequestOptions,
  linkRequest,
  type VerifyLinkOptions,
  verifyLink,
} from '../../src/server/links.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { keyAccount, keyAuth, keyVerifiers } from '../../src/wallet/key/index.js'
import { solanaAuth, solanaVerifiers } from '../../src/wallet/solana/index.js'
import { createPasskey, webauthnAuth, webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import { signed } from '../setup/capability.js'
import { delegated } from '../setup/chain.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { acceptingOnce, post, testSigner } from '../setup/request-signer.js'
import { testSolanaWallet } from '../setup/solana-wallet.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A, KEY_B } from '../setup/wallet.js'
import { installPasskeys } from '../setup/with-passkeys.js'

const MINUTE_SECS = 60
const domain = 'app.example.com'
const keyOfServer = { type: 'Ed25519', secret: new Uint8Array(32).fill(7) } as const
const authB = ethereumAuth(KEY_B, ACCOUNT_B, { domain })

let clock: ReturnType<typeof testClock>
let links: Nonces
let caller: Caller
let checks: VerifyLinkOptions
beforeEach(async () => {
  clock = testClock()
  links = nonces({ now: clock.now })
  caller = callerUnder((await testSigner()).cacao)
  checks = {
    nonces: links,
    verifiers: {
      ...ethereumVerifiers(),
      ...solanaVerifiers(),
      ...webauthnVerifiers(),
      ...keyVerifiers(),
    },
    domains: [domain],
    now: clock.now,
  }
})

const begin = (of: Caller = caller, options: Partial<LinkRequestOptions> = {}): LinkRequest =>
  linkRequest(of, { nonces: links, now: clock.now, ...options })
/** The request as the page gets it over HTTP. */
const overHTTP = (request: LinkRequest): AuthMethodOpts =>
  JSON.parse(JSON.stringify(request)) as AuthMethodOpts
const signB = async (request: LinkRequest): Promise<Cacao> => authB(overHTTP(request))

describe('a link of two accounts', () => {
  it('is made from a session of one account and a signature of the other', async () => {
    const request = begin()
    expect(request).toEqual({
      uri: `did:pkh:${ACCOUNT_A}#link`,
      nonce: expect.stringMatching(/^[0-9a-f]{84}$/),
      statement: `Link this account to ${ADDRESS_A}, which is signed in.`,
      expirationTime: new Date(clock.now() + 10 * MINUTE_SECS * 1000).toISOString(),
      resources: [],
    })
    const cacao = await signB(request)
    expect(await verifyLink(caller, JSON.parse(JSON.stringify(cacao)), checks)).toEqual({
      account: ACCOUNT_A,
      linkedAccount: ACCOUNT_B,
      linkedAddress: '0x1563915e194D8CfBA1943570603F7606A3115508',
      linkedId: `did:pkh:${ACCOUNT_B}`,
      cacao,
    })
  })

  it('accepts the capability as text, and the app’s own statement and lifetime', async () => {
    const request = begin(caller, { statement: 'Add this wallet to your profile.', expiresInSecs: 30 })
    const cacao = await signB(request)
    expect(cacao.p).toMatchObject({ statement: 'Add this wallet to your profile.', resources: [] })
    clock.advance(29)
    expect((await verifyLink(caller, stringifyCacao(cacao), checks)).linkedAccount).toBe(ACCOUNT_B)
  })

  it('can be made with a Solana account', async () => {
    const { wallet, account } = testSolanaWallet(5)
    const cacao = await solanaAuth(wallet, account, { domain })(overHTTP(begin()))
    expect((await verifyLink(caller, stringifyCacao(cacao), checks)).linkedAccount).toBe(account)
  })

  it('can be made with a passkey, whose signature contains bytes', async () => {
    installPasskeys()
    const site = { domain, rpId: domain }
    const account = await createPasskey({ name: 'alice', rpId: domain })
    const cacao = await webauthnAuth(account, site)(overHTTP(begin()))
    expect((await verifyLink(caller, stringifyCacao(cacao), checks)).linkedAccount).toBe(account)
  })

  it('can be made with a did:key account, in both directions', async () => {
    const account = await keyAccount(keyOfServer)
    const auth = keyAuth(keyOfServer, { domain })
    const cacao = await auth(overHTTP(begin()))
    const made = await verifyLink(caller, stringifyCacao(cacao), checks)
    expect(made).toMatchObject({ linkedAccount: account, linkedAddress: account, linkedId: account })
    const other = await callerOfKey()
    expect(await verifyLink(other, await signB(begin(other)), checks)).toMatchObject({
      account,
      linkedAccount: ACCOUNT_B,
    })
  })

  it('can be made again, with another signature', async () => {
    for (let i = 0; i < 2; i++)
      expect((await verifyLink(caller, await signB(begin()), checks)).linkedAccount).toBe(ACCOUNT_B)
  })
})

/** A session whose account is a did:key. */
async function callerOfKey(): Promise<Caller> {
  const { did } = await generateSessionKey('P-256')
  return callerUnder(
    (await keyAuth(keyOfServer, { domain })({ uri: did, resources: ['https://api.example.com/*'] })) as Cacao,
  )
}

describe('verifyLink refuses', () => {
  it('a link that was already used', async () => {
    const cacao = await signB(begin())
    await verifyLink(caller, cacao, checks)
    await expectCode('ERR_CAPABILITY_NONCE', () => verifyLink(caller, cacao, checks))
  })

  it('the second of two simultaneous uses', async () => {
    const cacao = await signB(begin())
    const both = await Promise.allSettled([
      verifyLink(caller, cacao, checks),
      verifyLink(caller, cacao, checks),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('a link signed for another session of the account', async () => {
    const other = callerUnder((await testSigner()).cacao)
    expect(other.account).toBe(caller.account)
    await expectCode('ERR_CAPABILITY_NONCE', async () => verifyLink(other, await signB(begin()), checks))
  })

  it('a link signed for another account', async () => {
    const mallory = callerUnder(
      (
        await testSigner(
          'P-256',
          { iss: 'did:pkh:eip155:1:0x5cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb' },
          `0x${'33'.repeat(32)}`,
        )
      ).cacao,
    )
    const cacao = await signB(begin())
    await expectCode('ERR_CAPABILITY_AUDIENCE', () => verifyLink(mallory, cacao, checks))
    // Even with the id of the account, the nonce belongs to a different session.
    await expectCode('ERR_CAPABILITY_NONCE', () => verifyLink({ ...mallory, id: caller.id }, cacao, checks))
    // It is still valid for its own session.
    await verifyLink(caller, cacao, checks)
  })

  it('a link of an account with itself, in any spelling', async () => {
    const auth = ethereumAuth(KEY_A, ACCOUNT_A, { domain })
    const cacao = (await auth(overHTTP(begin()))) as Cacao
    for (const each of [cacao, { ...cacao, p: { ...cacao.p, iss: `did:pkh:eip155:1:${ADDRESS_A}` } }])
      await expectCode('ERR_CAPABILITY_ISSUER', () => verifyLink(caller, each, checks))
  })

  it('a link that has expired, or whose nonce has', async () => {
    const brief = await signB(begin(caller, { expiresInSecs: 30 }))
    const long = await signB(begin(caller, { expiresInSecs: 24 * 60 * MINUTE_SECS }))
    clock.advance(30)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => verifyLink(caller, brief, checks))
    clock.advance(10 * MINUTE_SECS)
    await expectCode('ERR_CAPABILITY_NONCE', () => verifyLink(caller, long, checks))
  })

  it('a link of a device whose clock is ahead by more than clockSkewSecs', async () => {
    const cacao = await signB(begin())
    const behind = { ...checks, now: () => Date.parse(cacao.p.iat) - 200_000 }
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () =>
      verifyLink(caller, cacao, { ...behind, clockSkewSecs: 199 }),
    )
    await verifyLink(caller, cacao, { ...behind, clockSkewSecs: 201 })
  })

  it('a link that grants resources', async () => {
    const request = { ...begin(), resources: ['https://api.example.com/*'] }
    const cacao = await authB(request)
    await expectCode('ERR_CAPABILITY_RESOURCES', () => verifyLink(caller, cacao, checks))
  })

  it('a link of another domain', async () => {
    const cacao = await ethereumAuth(KEY_B, ACCOUNT_B, { domain: 'evil.example.com' })(begin())
    await expectCode('ERR_CAPABILITY_DOMAIN', () => verifyLink(caller, cacao, checks))
  })

  it('a link whose nonce this server did not issue', async () => {
    const foreign = await signB(linkRequest(caller, { nonces: nonces({ now: clock.now }), now: clock.now }))
    await expectCode('ERR_CAPABILITY_NONCE', () => verifyLink(caller, foreign, checks))
    for (const nonce of [links.issue(), 'abcdefgh12', `${'0'.repeat(84)}`, begin().nonce.slice(1)]) {
      const cacao = await signB({ ...begin(), nonce })
      await expectCode('ERR_CAPABILITY_NONCE', () => verifyLink(caller, cacao, checks))
    }
  })

  it('a link that was changed or signed by another account', async () => {
    const cacao = await signB(begin())
    for (const p of [
      { ...cacao.p, statement: 'Nothing.' },
      { ...cacao.p, iss: `did:pkh:eip155:10:${ACCOUNT_B.slice(9)}` },
    ])
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyLink(caller, { ...cacao, p }, checks))
    // A refused link does not use up the nonce.
    await verifyLink(caller, cacao, checks)
  })

  it('a session’s capability, of the other account too', async () => {
    for (const cacao of [(await testSigner()).cacao, signed({ iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)])
      await expectCode('ERR_CAPABILITY_AUDIENCE', () => verifyLink(caller, cacao, checks))
  })

  it('a link that a delegated session requests or presents', async () => {
    const signer = await testSigner()
    const worker = callerUnder((await delegated(signer)).cacao)
    await expectCode('ERR_CAPABILITY_DELEGATED', () => begin(worker))
    const cacao = await signB(begin(callerUnder(signer.cacao)))
    await expectCode('ERR_CAPABILITY_DELEGATED', () => verifyLink(worker, cacao, checks))
  })

  it.each([undefined, null, 5, '', 'no JSON', '{}', {}, []])('%j', async (input) => {
    await expectCode('ERR_CAPABILITY_INVALID', () => verifyLink(caller, input, checks))
  })

  it('any link while the nonce store is down', async () => {
    const down = memoryReplay()
    const failing = { ...down, use: () => Promise.reject(new Error('it is down')) }
    const own = nonces({ now: clock.now, replay: failing })
    const cacao = await signB(linkRequest(caller, { nonces: own, now: clock.now }))
    await expectCode('ERR_STORE_UNAVAILABLE', () => verifyLink(caller, cacao, { ...checks, nonces: own }))
    const odd = { issue: () => own.issue(), consume: async () => 'yes' as unknown as boolean }
    await expectCode('ERR_CAPABILITY_NONCE', () => verifyLink(caller, cacao, { ...checks, nonces: odd }))
  })
})

describe('the signature of a link', () => {
  it('is no session, for the requesting key or for a did:key account', async () => {
    const session = await testSigner()
    const asCaller = callerUnder(session.cacao)
    const cacao = signed({ ...(await signB(begin(asCaller))).p, iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)
    const options = { ...acceptingOnce, domains: [domain], now: clock.now }
    const request = await signRequest(post(), { key: session.key, cacao }, clock.now())
    await expectCode('ERR_CAPABILITY_AUDIENCE', () => verifyRequest(request, options))

    // Otherwise, an account that is a did:key could act as the linked account.
    const { seedKey } = await import('../../src/key/generate-key.js')
    const key = await seedKey(keyOfServer.secret)
    const own = await callerOfKey()
    expect(key.did).toBe(own.account)
    const linked = await signB(begin(own))
    expect(linked.p.aud).toBe(`${key.did}#link`)
    const forged = await signRequest(post(), { key, cacao: linked }, clock.now())
    await expectCode('ERR_CAPABILITY_AUDIENCE', () => verifyRequest(forged, options))
  })

  it('is no sign-in with a nonce of the same server', async () => {
    const request = begin()
    expect(await links.consume(request.nonce)).toBe(false)
  })
})

it.each<[string, Record<string, unknown>]>([
  ['no nonces', { nonces: undefined }],
  ['invalid nonces', { nonces: { issue: () => 'nonce' } }],
  ['a misspelt name', { maxAgeSecs: 5 }],
  ['a clock that is no function', { now: 5 }],
])('a link with %s throws a TypeError', async (_, wrong) => {
  expect(await failureOf(() => begin(caller, wrong))).toBeInstanceOf(TypeError)
  expect(await failureOf(() => verifyLink(caller, {}, { ...checks, ...wrong }))).toBeInstanceOf(TypeError)
})

it.each<[string, object]>([
  ['no verifiers', { verifiers: {} }],
  ['no domains', { domains: [] }],
  ['domains that are undefined', { domains: undefined }],
])('verifyLink throws a TypeError for %s', async (_, wrong) => {
  expect(await failureOf(() => verifyLink(caller, {}, { ...checks, ...wrong }))).toBeInstanceOf(TypeError)
})

it('linkRequest accepts the app’s statement in any language', async () => {
  const request = begin(caller, {
    statement: 'Dieses Konto verknüpfen: アカウント?',
    expiresInSecs: 31_536_000,
  })
  expect(request.statement).toBe('Dieses Konto verknüpfen: アカウント?')
  expect((await signB(request)).p.statement).toBe(request.statement)
})

it.each<[string, object]>([
  ['an empty statement', { statement: '' }],
  ['a statement that is undefined', { statement: undefined }],
  ['an invalid time', { expiresInSecs: Number.NaN }],
  ['a time in the past', { expiresInSecs: 0 }],
  ['a time beyond the range of dates', { expiresInSecs: 1e300 }],
  ['a statement of two lines', { statement: 'Link it.\nURI: https://evil.example' }],
  ['a statement in quotation marks', { statement: 'Link "this"' }],
])('linkRequest throws a TypeError for %s', async (_, wrong) => {
  expect(await failureOf(() => begin(caller, wrong))).toBeInstanceOf(TypeError)
})
