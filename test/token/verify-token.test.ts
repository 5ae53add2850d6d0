import { beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { capabilityIdentity } from '../../src/capability/cid.js'
import type { CacaoVerifier } from '../../src/capability/verify-signature.js'
import { memoryReplay, type ReplayStore } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { testServer } from '../../src/testing/fake-server.js'
import { type CreateTokenOptions, createToken } from '../../src/token/create-token.js'
import {
  type TokenVerifierOptions,
  tokenVerifier,
  type VerifyTokenOptions,
  verifyToken,
} from '../../src/token/verify-token.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { delegated, type Holder } from '../setup/chain.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { NOW, RESOURCE, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A } from '../setup/wallet.js'

const AUDIENCE = 'wss://api.example.com/live'
const accepting: VerifyTokenOptions = {
  audience: AUDIENCE,
  verifiers: ethereumVerifiers(),
  domains: ['example.com'],
  resources: false,
  now: () => NOW,
}
let holder: Holder
let other: Holder
beforeAll(async () => {
  holder = await testSigner('P-256')
  other = await testSigner('Ed25519')
})

const made = (options: Partial<CreateTokenOptions> = {}, by = holder, now = NOW): Promise<string> =>
  createToken(by, { audience: AUDIENCE, ...options }, () => now)
const partsOf = (token: string): unknown[] =>
  token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(atob(part.replace(/-/g, '+').replace(/_/g, '/'))))

function nested(levels: number): object {
  return levels === 0 ? {} : { in: nested(levels - 1) }
}
function circle(): object {
  const claims: Record<string, unknown> = {}
  claims['again'] = claims
  return claims
}

describe.each([
  ['P-256', () => holder],
  ['Ed25519', () => other],
] as const)('a token of a session with a %s key', (_, by) => {
  it('returns the caller, its capability and the claims', async () => {
    const { key, cacao } = by()
    const token = await made({ claims: { room: 'kitchen', seats: [1, 2] } }, by())
    const { tokenId, ...caller } = await verifyToken(token, accepting)
    expect(caller).toMatchObject({
      account: ACCOUNT_A,
      chainId: 'eip155:1',
      id: `did:pkh:${ACCOUNT_A}`,
      keyDID: key.did,
      resources: [RESOURCE],
      audience: AUDIENCE,
      claims: { room: 'kitchen', seats: [1, 2] },
      created: new Date(NOW),
      expires: new Date(NOW + 60_000),
    })
    expect(caller.address.toLowerCase()).toBe(ADDRESS_A.toLowerCase())
    expect(capabilityIdentity(caller.cacao)).toBe(capabilityIdentity(cacao))
    expect(tokenId).toMatch(/^[-\w]{22}$/)
  })

  it('fits into a WebSocket subprotocol and a header', async () => {
    const token = await made({}, by())
    // The characters of a token (RFC 9110 §5.6.2).
    expect(token).toMatch(/^[-\w.]+$/)
    expect(token.length).toBeLessThan(2000)
  })

  it('has the header and payload of a JWT', async () => {
    const { key } = by()
    const [header, payload] = partsOf(await made({ claims: { room: 'kitchen' } }, by()))
    expect(header).toMatchObject({
      alg: key.type === 'P-256' ? 'ES256' : 'Ed25519',
      kid: `${key.did}#${key.did.slice(8)}`,
      typ: 'cacao-session+jwt',
    })
    expect(payload).toEqual({
      aud: AUDIENCE,
      claims: { room: 'kitchen' },
      exp: NOW / 1000 + 60,
      iat: NOW / 1000,
      iss: `did:pkh:${ACCOUNT_A}`,
      jti: expect.any(String),
    })
  })
})

describe('createToken', () => {
  it('creates a different token each time', async () => {
    expect(await made()).not.toBe(await made())
  })

  it.each([1, 59.9, 3600])('accepts a lifetime of %d seconds', async (secs) => {
    const { expires } = await verifyToken(await made({ expiresInSecs: secs }), accepting)
    expect(expires).toEqual(new Date(NOW + Math.floor(secs) * 1000))
  })

  it('accepts claims that are nested 15 levels deep', async () => {
    const claims = nested(14)
    expect((await verifyToken(await made({ claims: { ...claims } }), accepting)).claims).toEqual(claims)
  })

  it('creates no token that outlives its capability', async () => {
    const short = await testSigner('P-256', { exp: new Date(NOW + 30_500).toISOString() })
    expect((await verifyToken(await made({}, short), accepting)).expires).toEqual(new Date(NOW + 30_000))
    await expectCode('ERR_CAPABILITY_EXPIRED', () => made({}, short, NOW + 30_000))
    await expectCode('ERR_CAPABILITY_EXPIRED', () => made({}, short, NOW + 31_000))
  })

  it('creates no token before its capability is valid', async () => {
    const early = await testSigner('P-256', { nbf: new Date(NOW + 3_600_000).toISOString() })
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () => made({}, early))
  })

  it('creates no token that is too large for servers', async () => {
    await expectCode('ERR_REQUEST_TOO_LARGE', () => made({ claims: { text: 'a'.repeat(13_000) } }))
    const resources = Array.from({ length: 400 }, (_, i) => `https://api.example.com/notes/number-${i}`)
    const long = await testSigner('P-256', { resources })
    await expectCode('ERR_REQUEST_TOO_LARGE', () => made({}, long))
  })

  it.each<[string, object, string]>([
    ['no audience', { audience: undefined }, 'audience'],
    ['an empty audience', { audience: '' }, 'audience'],
    ['two audiences', { audience: ['a', 'b'] }, 'audience'],
    ['a lifetime of zero', { expiresInSecs: 0 }, 'expiresInSecs'],
    ['an undefined lifetime', { expiresInSecs: undefined }, 'expiresInSecs'],
    ['a lifetime of more than an hour', { expiresInSecs: 3601 }, 'expiresInSecs'],
    ['a lifetime that is no number', { expiresInSecs: '60' }, 'expiresInSecs'],
    ['claims that are a list', { claims: [1] }, 'claims'],
    ['claims that JSON writes as something else', { claims: { toJSON: () => [1] } }, 'claims'],
    ['claims in a circle', { claims: circle() }, 'claims'],
    ['claims that are nested too deeply', { claims: nested(15) }, 'claims'],
    ['a claim named __proto__', { claims: JSON.parse('{"__proto__":{}}') }, 'claims'],
    ['undefined claims', { claims: undefined }, 'claims'],
    ['an option that there is not', { expires: 5 }, 'expires'],
  ])('throws a TypeError for options with %s', async (_, options, name) => {
    const error = await failureOf(() => made(options))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(name)
  })

  it('uses the server’s time, once session.fetch has learned it', async () => {
    const domain = 'app.example.com'
    let now = NOW - 172_800_000
    const auth = ethereumAuth(KEY_A, undefined, { domain })
    const session = await DIDSession.authorize(auth, { resources: [RESOURCE], now: () => now })
    now = NOW + 7_200_000
    const options = { ...accepting, domains: [domain] }
    const token = (): Promise<string> => session.createToken({ audience: AUDIENCE })
    await expectCode('ERR_REQUEST_STALE', async () => verifyToken(await token(), options))
    const restore = testServer({ domains: [domain], now: () => NOW }).install()
    await session.fetch('https://api.example.com/notes/1').finally(restore)
    expect((await verifyToken(await token(), options)).created).toEqual(new Date(NOW))
    // Another server's clock is still unknown.
    const elsewhere = { ...options, audience: 'wss://other.example.com/live' }
    await expectCode('ERR_REQUEST_STALE', async () =>
      verifyToken(await session.createToken({ audience: elsewhere.audience }), elsewhere),
    )
  })

  it('rejects for a session that was signed out', async () => {
    const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })
    const session = await DIDSession.authorize(auth, { resources: [RESOURCE] })
    await session.remove()
    await expectCode('ERR_SESSION_REMOVED', () => session.createToken({ audience: AUDIENCE }))
    await expectCode('ERR_SESSION_REMOVED', () => session.signURL('https://api.example.com/notes/1'))
  })
})

describe('verifyToken', () => {
  it('accepts one of several audiences, compared exactly', async () => {
    const options = { ...accepting, audience: [AUDIENCE, 'chat'] }
    expect((await verifyToken(await made(), options)).audience).toBe(AUDIENCE)
    expect((await verifyToken(await made({ audience: 'chat' }), options)).audience).toBe('chat')
    await expectCode('ERR_JWS_INVALID', async () => verifyToken(await made({ audience: 'Chat' }), options))
  })

  it('refuses a token after its expiry, and before its iat', async () => {
    const token = await made()
    const at = (secs: number, changes: object = {}): Promise<unknown> =>
      verifyToken(token, { ...accepting, ...changes, now: () => NOW + secs * 1000 })
    await at(359.999)
    await expectCode('ERR_REQUEST_STALE', () => at(360))
    await at(-300)
    await expectCode('ERR_REQUEST_STALE', () => at(-301))
    await at(59.999, { clockSkewSecs: 0 })
    await expectCode('ERR_REQUEST_STALE', () => at(60, { clockSkewSecs: 0 }))
    await at(9.999, { clockSkewSecs: 0, maxAgeSecs: 10 })
    await expectCode('ERR_REQUEST_STALE', () => at(10, { clockSkewSecs: 0, maxAgeSecs: 10 }))
    await expectCode('ERR_REQUEST_STALE', () => at(Number.NaN))
  })

  it('refuses a token whose capability has expired', async () => {
    const short = await testSigner('P-256', { exp: new Date(NOW + 30_500).toISOString() })
    const token = await made({}, short)
    await verifyToken(token, { ...accepting, now: () => NOW + 30_499 })
    await expectCode('ERR_CAPABILITY_EXPIRED', () =>
      verifyToken(token, { ...accepting, now: () => NOW + 30_500 }),
    )
  })

  it('refuses anything but a string of at most 16,384 characters', async () => {
    const token = await made()
    for (const value of [undefined, null, 1, {}, [token], new String(token)])
      await expectCode('ERR_JWS_INVALID', () => verifyToken(value, accepting))
    const reasonFor = async (text: string): Promise<string> =>
      (await expectCode('ERR_JWS_INVALID', () => verifyToken(text, accepting))).message
    expect(await reasonFor('a'.repeat(16_385))).toContain('16384 characters')
    expect(await reasonFor('a'.repeat(16_384))).not.toContain('16384')
  })

  it('refuses a token whose issuer is not the account of its capability', async () => {
    const token = await made()
    const [head = '', body = ''] = token.split('.')
    const signedAgain = async (iss: string): Promise<string> => {
      const [, payload] = partsOf(token)
      const input = `${head}.${toBase64url(utf8(JSON.stringify({ ...(payload as object), iss })))}`
      return `${input}.${toBase64url(await holder.key.sign(utf8(input)))}`
    }
    const genuine = await signedAgain(`did:pkh:${ACCOUNT_A}`)
    expect(genuine.split('.')[1]).toBe(body)
    await verifyToken(genuine, accepting)
    for (const iss of [`did:pkh:${ACCOUNT_B}`, ACCOUNT_A, holder.key.did, ''])
      await expectCode('ERR_JWS_INVALID', async () => verifyToken(await signedAgain(iss), accepting))
  })

  it('refuses a token that expires, or whose capability expires, while a store is asked', async () => {
    const clock = testClock(NOW)
    const short = await testSigner('P-256', { exp: new Date(NOW + 30_000).toISOString() })
    const answeredAfter = async (ms: number, by: Holder): Promise<unknown> => {
      clock.set(NOW)
      const revocation = {
        isRevoked() {
          clock.set(NOW + ms)
          return false
        },
      }
      const options = { ...accepting, now: clock.now, clockSkewSecs: 0, revocation }
      return verifyToken(await made({}, by), { ...options, replay: { use: () => true } })
    }
    await answeredAfter(29_999, short)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => answeredAfter(30_000, short))
    await answeredAfter(59_999, holder)
    await expectCode('ERR_REQUEST_STALE', () => answeredAfter(60_000, holder))
  })

  it('accepts a token once with a replay store, and repeatedly without', async () => {
    const token = await made()
    const once = { ...accepting, replay: memoryReplay({ now: () => NOW }) }
    await verifyToken(token, once)
    await expectCode('ERR_REQUEST_REPLAYED', () => verifyToken(token, once))
    await verifyToken(await made(), once)
    for (const options of [accepting, { ...accepting, replay: false as const }]) {
      await verifyToken(token, options)
      await verifyToken(token, options)
    }
  })

  it('marks a token as used only after all other checks', async () => {
    const used: string[] = []
    const replay: ReplayStore = { use: (id) => used.push(id) > 0 }
    const token = await made()
    const revocation = memoryRevocation({ now: () => NOW })
    await revocation.revoke(holder.cacao)
    const refused: [object, Parameters<typeof expectCode>[0]][] = [
      [{ domains: ['example.org'] }, 'ERR_CAPABILITY_DOMAIN'],
      [{ resources: ['https://api.example.com/other'] }, 'ERR_CAPABILITY_RESOURCES'],
      [{ revocation }, 'ERR_CAPABILITY_REVOKED'],
    ]
    for (const [changes, code] of refused)
      await expectCode(code, () => verifyToken(token, { ...accepting, replay, ...changes }))
    expect(used).toEqual([])
    const { keyDID, tokenId } = await verifyToken(token, { ...accepting, replay })
    expect(used).toEqual([`token ${keyDID} ${tokenId}`])
  })

  it('accepts a signature only if the app’s verifyKeySignature returns true', async () => {
    const token = await made()
    const verifying = (answer: unknown) =>
      verifyToken(token, { ...accepting, verifyKeySignature: async () => answer as boolean })
    expect((await verifying(true)).account).toBe(ACCOUNT_A)
    for (const answer of [{ valid: false }, 'false', 1, undefined, false])
      await expectCode('ERR_JWS_INVALID', () => verifying(answer))
  })

  it('rejects if a store fails', async () => {
    const token = await made()
    const failing = [
      { replay: { use: () => Promise.reject(new Error('down')) } },
      { replay: { use: () => 'OK' } as unknown as ReplayStore },
      { replay: { use: () => new Promise<boolean>(() => undefined) }, storeTimeoutMs: 1 },
      { revocation: { isRevoked: () => Promise.reject(new Error('down')) } },
      { revocation: { isRevoked: () => undefined as unknown as boolean } },
    ]
    for (const changes of failing)
      await expectCode('ERR_STORE_UNAVAILABLE', () => verifyToken(token, { ...accepting, ...changes }))
  })

  it('can require resources that depend on the claims', async () => {
    const options: VerifyTokenOptions = {
      ...accepting,
      resources: ({ note }) => [`https://api.example.com/notes/${String(note)}`],
    }
    await verifyToken(await made({ claims: { note: 1 } }), options)
    for (const note of ['../other', '1#a b', ''])
      await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
        verifyToken(await made({ claims: { note } }), options),
      )
    for (const resources of [() => [], () => undefined, () => [1]])
      expect(
        await failureOf(async () =>
          verifyToken(await made(), { ...accepting, resources: resources as unknown as false }),
        ),
      ).toBeInstanceOf(TypeError)
    await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
      verifyToken(await made(), {
        ...accepting,
        ability: () => ({ ability: 'notes/read', resource: 'https://api.example.com/notes/1' }),
      }),
    )
  })

  it('accepts a delegated capability only with the delegation option', async () => {
    const delegatedHolder = await delegated(holder)
    const token = await made({}, delegatedHolder)
    await expectCode('ERR_CAPABILITY_DELEGATED', () => verifyToken(token, accepting))
    const caller = await verifyToken(token, { ...accepting, delegation: { maxLinks: 2 } })
    expect(caller).toMatchObject({ account: ACCOUNT_A, keyDID: delegatedHolder.key.did })
    expect(caller.root).toEqual(holder.cacao)
  })

  it.each<[string, object, string]>([
    ['an undefined replay store', { replay: undefined }, 'replay'],
    ['an invalid replay store', { replay: {} }, 'replay'],
    ['an undefined revocation', { revocation: undefined }, 'revocation'],
    ['no resources', { resources: undefined }, 'resources'],
    ['an empty list of resources', { resources: [] }, 'resources'],
    ['no audience', { audience: undefined }, 'audience'],
    ['an empty list of audiences', { audience: [] }, 'audience'],
    ['an empty audience', { audience: '' }, 'audience'],
    ['no domains', { domains: [] }, 'domains'],
    ['an undefined ability', { ability: undefined }, 'ability'],
    ['more than an hour', { maxAgeSecs: 3601 }, 'maxAgeSecs'],
    ['a cache, which a single call has not', { cacheSize: 1 }, 'cacheSize'],
    ['a misspelt check', { revocations: memoryRevocation() }, 'revocations'],
  ])('throws a TypeError for options with %s', async (_, changes, name) => {
    const token = await made()
    const error = await failureOf(() => verifyToken(token, { ...accepting, ...changes }))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(name)
  })
})

describe('tokenVerifier', () => {
  const counting = (): { verifiers: TokenVerifierOptions['verifiers']; count: () => number } => {
    let count = 0
    const { eip191 } = ethereumVerifiers()
    const verifier: CacaoVerifier = async (...args) => {
      count++
      await (eip191 as CacaoVerifier)(...args)
    }
    return { verifiers: { eip191: verifier }, count: () => count }
  }

  it('verifies a wallet signature once per session, unless cacheSize is 0', async () => {
    for (const [options, expected] of [
      [{}, 1],
      [{ cacheSize: 0 }, 3],
    ] as const) {
      const { verifiers, count } = counting()
      const verify = tokenVerifier({ ...accepting, verifiers, ...options })
      for (const _ of [1, 2, 3]) await verify(await made())
      expect(count()).toBe(expected)
    }
  })

  it('checks everything that can change each time', async () => {
    const clock = testClock(NOW)
    const revocation = memoryRevocation({ now: clock.now })
    const verify = tokenVerifier({ ...accepting, now: clock.now, revocation })
    await verify(await made())
    await revocation.revokeAll(ACCOUNT_A, new Date(NOW))
    await expectCode('ERR_CAPABILITY_REVOKED', async () => verify(await made()))
  })

  it('accepts only maxLiveTokens tokens of a session at a time', async () => {
    const clock = testClock(NOW)
    const replay = memoryReplay({ now: clock.now })
    const verify = tokenVerifier({ ...accepting, now: clock.now, replay, maxLiveTokens: 2 })
    const [first, second, third, elsewhere] = await Promise.all([made(), made(), made(), made({}, other)])
    await verify(first)
    await expectCode('ERR_REQUEST_REPLAYED', () => verify(first))
    await verify(second)
    await expectCode('ERR_REQUEST_LIMIT', () => verify(third))
    await verify(elsewhere)
    clock.advance(400)
    await verify(await made({}, holder, clock.now()))
  })

  it('never accepts an expired token after its clock was set back', async () => {
    const clock = testClock(NOW)
    const replay = memoryReplay({ now: clock.now })
    const verify = tokenVerifier({ ...accepting, now: clock.now, replay })
    const token = await made()
    await verify(token)
    clock.advance(3600)
    await verify(await made({}, holder, clock.now()))
    clock.set(NOW)
    await expectCode('ERR_REQUEST_STALE', () => verify(token))
  })

  it('nor after its clock went forward only while the replay store was asked', async () => {
    const clock = testClock(NOW)
    let takesMs = 0
    const use = (): boolean => {
      clock.advance(takesMs / 1000)
      return true
    }
    const verify = tokenVerifier({ ...accepting, now: clock.now, replay: { use } })
    const token = await made()
    await verify(token)
    // This store forgets at once, and the verifier relies on it until the token has expired.
    takesMs = 359_999
    await verify(await made())
    clock.set(NOW)
    takesMs = 360_000
    await verify(token)
    clock.set(NOW)
    await expectCode('ERR_REQUEST_STALE', () => verify(token))
  })
})

it('a token can be read by a JOSE library', async () => {
  const token = await made()
  const [head = '', body = '', signature = ''] = token.split('.')
  const { jwtVerify, importJWK } = await import('jose')
  const { publicKey } = holder.key.pair ?? expect.fail('no key pair')
  const jwk = await crypto.subtle.exportKey('jwk', publicKey)
  const verified = await jwtVerify(token, await importJWK(jwk, 'ES256'), {
    audience: AUDIENCE,
    typ: 'cacao-session+jwt',
    currentDate: new Date(NOW),
  })
  expect(verified.payload.sub).toBeUndefined()
  expect(verified.payload.iss).toBe(`did:pkh:${ACCOUNT_A}`)
  expect([head, body, signature].every(Boolean)).toBe(true)
  expect(toBase64url(utf8(JSON.stringify(verified.payload)))).toBe(body)
})
