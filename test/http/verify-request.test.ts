import { beforeAll, describe, expect, it } from 'vitest'
import { toEIP55 } from '../../src/base/eip55.js'
import { SessionError, type SessionErrorCode } from '../../src/base/errors.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { Verifiers } from '../../src/capability/verify-signature.js'
import { incomingRequest } from '../../src/http/incoming-request.js'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { signRequest } from '../../src/http/sign-request.js'
import { incomingVerifier, requestVerifier, verifyRequest } from '../../src/http/verify-request.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import {
  accepting,
  acceptingOnce,
  altered,
  NOW,
  post,
  RESOURCE,
  type TestSigner,
  testSigner,
  URL_OF_NOTES,
} from '../setup/request-signer.js'
import { profileInput, signWire } from '../setup/sign-wire.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_B } from '../setup/wallet.js'
import type { WireRequest } from '../setup/wire-request.js'

let signer: TestSigner
let other: TestSigner
beforeAll(async () => {
  signer = await testSigner()
  other = await testSigner('Ed25519')
})
const get = (): Request => new Request(URL_OF_NOTES)
const capabilityOf = async ({ sign }: TestSigner): Promise<string> =>
  (await sign(get())).headers.get('authorization') ?? ''
const inputWith = (request: Request, from: string | RegExp, to: string): HeadersInit => ({
  'signature-input': (request.headers.get('signature-input') ?? '').replace(from, to),
})

describe.each([
  ['P-256', () => signer],
  ['Ed25519', () => other],
] as const)('a request signed with %s', (_, by) => {
  it('returns the caller and its capability', async () => {
    const { key, cacao, sign } = by()
    const caller = await verifyRequest(await sign(post()), acceptingOnce)
    expect(caller).toEqual({
      account: ACCOUNT_A,
      address: toEIP55(ADDRESS_A),
      chainId: 'eip155:1',
      id: `did:pkh:${ACCOUNT_A}`,
      keyDID: key.did,
      resources: [RESOURCE],
      cacao,
      root: cacao,
      url: URL_OF_NOTES,
      created: new Date(NOW),
      expires: new Date(NOW + 60_000),
    })
  })

  it('can still be read afterwards', async () => {
    const request = await by().sign(post('ü'))
    await verifyRequest(request, acceptingOnce)
    expect(await request.text()).toBe('ü')
  })

  const tampered: readonly (readonly [string, SessionErrorCode, (request: Request) => unknown])[] = [
    ['the method', 'ERR_REQUEST_SIGNATURE', (request) => altered(request, { method: 'PUT' })],
    [
      'the path',
      'ERR_REQUEST_SIGNATURE',
      (request) => altered(request, { url: 'https://api.example.com/note?page=1' }),
    ],
    ['the query', 'ERR_REQUEST_SIGNATURE', (request) => altered(request, { url: `${URL_OF_NOTES}&page=2` })],
    [
      'no query',
      'ERR_REQUEST_SIGNATURE',
      (request) => altered(request, { url: 'https://api.example.com/notes' }),
    ],
    ['the body', 'ERR_REQUEST_DIGEST', (request) => altered(request, { body: 'Buy cacao beans, twice' })],
    ['no body', 'ERR_REQUEST_DIGEST', (request) => altered(request, { body: '' })],
    [
      'the digest',
      'ERR_REQUEST_SIGNATURE',
      (request) =>
        altered(request, {
          body: 'x',
          headers: { 'content-digest': 'sha-256=:LXEWQrcmsEQBYnyp++6wy9chTD7GQPMTbAiWHF5IaSI=:' },
        }),
    ],
    [
      'the capability',
      'ERR_REQUEST_SIGNATURE',
      async (request) =>
        altered(request, { headers: { authorization: await capabilityOf(await testSigner()) } }),
    ],
    [
      'the key',
      'ERR_REQUEST_SIGNATURE',
      async (request) => {
        const { key } = await testSigner(by().key.type)
        const keyid = `keyid="${key.did}#${key.did.slice(8)}"`
        return altered(request, { headers: inputWith(request, /keyid="[^"]+"/, keyid) })
      },
    ],
    [
      'the time',
      'ERR_REQUEST_SIGNATURE',
      (request) =>
        altered(request, {
          headers: inputWith(request, `created=${NOW / 1000}`, `created=${NOW / 1000 + 1}`),
        }),
    ],
    [
      'the nonce',
      'ERR_REQUEST_SIGNATURE',
      (request) => altered(request, { headers: inputWith(request, 'nonce="', 'nonce="x') }),
    ],
  ]
  it.each(tampered)('and changed in %s is refused with %s', async (_what, code, change) => {
    const request = await by().sign(post())
    await verifyRequest(await altered(request, {}), acceptingOnce)
    const changed = (await change(request)) as Request
    await expectCode(code, () => verifyRequest(changed, acceptingOnce))
  })
})

describe('a request is refused', () => {
  it('with only the capability and no signature', async () => {
    const request = new Request(URL_OF_NOTES, { headers: { authorization: await capabilityOf(signer) } })
    await expectCode('ERR_REQUEST_UNSIGNED', () => verifyRequest(request, acceptingOnce))
  })

  it.each([
    ['authorization', 'ERR_REQUEST_UNSIGNED'],
    ['signature', 'ERR_REQUEST_UNSIGNED'],
    ['signature-input', 'ERR_REQUEST_UNSIGNED'],
    ['content-digest', 'ERR_REQUEST_SIGNATURE'],
  ] as const)('without %s', async (name, code) => {
    const request = await signer.sign(post())
    request.headers.delete(name)
    await expectCode(code, () => verifyRequest(request, acceptingOnce))
  })

  it('signed for another host than the server’s', async () => {
    const request = await signer.sign(post('x', 'https://api.example.org/notes'))
    await expectCode('ERR_REQUEST_SIGNATURE', () => verifyRequest(request, acceptingOnce))
    await verifyRequest(request, { ...acceptingOnce, authority: 'api.example.org' })
  })

  it('signed for none of the server’s authorities', async () => {
    const authority = ['api.example.com', 'api.example.org:8443']
    for (const url of ['https://api.example.com/notes', 'https://api.example.org:8443/notes'])
      await verifyRequest(await signer.sign(post('x', url)), { ...acceptingOnce, authority })
    const request = await signer.sign(post('x', 'https://api.example.net/notes'))
    await expectCode('ERR_REQUEST_SIGNATURE', () => verifyRequest(request, { ...acceptingOnce, authority }))
    // Signed for one of its authorities, and sent to another: the signed one decides, as behind a proxy that rewrites the host.
    const moved = await altered(await signer.sign(post('x', 'https://api.example.com/notes')), {
      url: 'https://api.example.org:8443/notes',
    })
    const { url } = await verifyRequest(moved, { ...acceptingOnce, authority })
    expect(url).toBe('https://api.example.com/notes')
  })

  it.each([
    ['after its expiry and the clock skew', NOW + 360_000],
    ['before its iat and the clock skew', NOW - 301_000],
    ['while the clock returns NaN', Number.NaN],
  ])('%s', async (_, time) => {
    const request = await signer.sign(get())
    const code = Number.isNaN(time) ? 'ERR_REQUEST_SIGNATURE' : 'ERR_REQUEST_STALE'
    await expectCode(code, () => verifyRequest(request, { ...acceptingOnce, now: () => time }))
    for (const good of [NOW + 359_999, NOW - 300_000])
      await verifyRequest(request, { ...acceptingOnce, now: () => good })
  })

  it('that expired during verification, when its nonce may be forgotten', async () => {
    const clock = testClock(NOW)
    const lookingUntil = (ms: number) => ({
      ...accepting,
      now: clock.now,
      resources: () => {
        clock.set(NOW + ms)
        return false as const
      },
    })
    await requestVerifier(lookingUntil(359_999))(await signer.sign(get()))
    clock.set(NOW)
    const late = requestVerifier(lookingUntil(360_000))
    await expectCode('ERR_REQUEST_STALE', async () => late(await signer.sign(get())))
  })

  it('whose capability expired while its body arrived', async () => {
    const clock = testClock(NOW)
    const expiring = await testSigner('P-256', { exp: new Date(NOW + 60_000).toISOString() })
    const verify = incomingVerifier<Request>({ ...accepting, now: clock.now })
    const arrivingAt = async (time: number): Promise<unknown> => {
      clock.set(NOW)
      const incoming = incomingRequest(await expiring.sign(post()))
      return verify({
        ...incoming,
        body(limits) {
          clock.set(time)
          return incoming.body(limits)
        },
      })
    }
    await arrivingAt(NOW + 59_999)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => arrivingAt(NOW + 60_000))
  })

  // Shorter and longer than the default, up to the hour for which sessions sign.
  it.each([1, 30, 60, 300, 3600])('that is older than a maxAgeSecs of %i allows', async (maxAgeSecs) => {
    const request = await signer.sign(get())
    const at = (ms: number, clockSkewSecs: number) => ({
      ...acceptingOnce,
      maxAgeSecs,
      clockSkewSecs,
      now: () => NOW + ms,
    })
    for (const skew of [0, 5]) {
      const end = (maxAgeSecs + skew) * 1000
      const { expires } = await verifyRequest(request, at(end - 1, skew))
      expect(expires).toEqual(new Date(NOW + maxAgeSecs * 1000))
      await expectCode('ERR_REQUEST_STALE', () => verifyRequest(request, at(end, skew)))
      await verifyRequest(request, at(-skew * 1000, skew))
      await expectCode('ERR_REQUEST_STALE', () => verifyRequest(request, at(-skew * 1000 - 1, skew)))
    }
  })

  it('whose created parameter is older than maxAgeSecs allows', async () => {
    const { url, headers } = await signer.sign(get())
    const { pathname, search, host } = new URL(url)
    const authorization = headers.get('authorization') ?? ''
    const wire: WireRequest = {
      method: 'GET',
      target: pathname + search,
      host,
      headers: [['authorization', authorization]],
      body: new Uint8Array(),
    }
    const key = { did: signer.key.did, sign: (data: Uint8Array) => signer.key.sign(data) }
    const said = profileInput(key, false, NOW / 1000, 'a'.repeat(22))
    const signed = await signWire(wire, said, key)
    const request = new Request(url, { headers: signed.headers.map(([name, value]) => [name, value]) })
    const at = (ms: number) => ({ ...acceptingOnce, maxAgeSecs: 3600, clockSkewSecs: 0, now: () => NOW + ms })
    await verifyRequest(request, at(59_999))
    await expectCode('ERR_REQUEST_STALE', () => verifyRequest(request, at(60_000)))
  })

  it('sent twice, even if the client’s clock is slow', async () => {
    const clock = testClock(NOW)
    const verify = requestVerifier({ ...accepting, now: clock.now })
    const request = await signer.sign(get())
    await verify(request.clone())
    for (const [ms, code] of [
      [359_999, 'ERR_REQUEST_REPLAYED'],
      [360_000, 'ERR_REQUEST_STALE'],
    ] as const) {
      clock.set(NOW + ms)
      await expectCode(code, () => verify(request.clone()))
    }
  })

  it('with a capability that was granted to another key', async () => {
    const mixed = await testSigner()
    const request = await signRequest(get(), { key: mixed.key, cacao: signer.cacao }, NOW)
    await expectCode('ERR_CAPABILITY_AUDIENCE', () => verifyRequest(request, acceptingOnce))
  })

  it('with a forged capability', async () => {
    const forged = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` })
    await expectCode('ERR_CAPABILITY_SIGNATURE', async () =>
      verifyRequest(await forged.sign(get()), acceptingOnce),
    )
    const genuine = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)
    expect((await verifyRequest(await genuine.sign(get()), acceptingOnce)).account).toBe(ACCOUNT_B)
  })

  it('with a capability signed on another domain', async () => {
    const request = await signer.sign(get())
    const domains = ['example.org', 'sub.example.com']
    await expectCode('ERR_CAPABILITY_DOMAIN', () => verifyRequest(request, { ...acceptingOnce, domains }))
  })

  it('with a capability that does not cover the required resources', async () => {
    const request = await signer.sign(get())
    const resources = ['https://api.example.com/notes/1']
    await verifyRequest(request, { ...acceptingOnce, resources })
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      verifyRequest(request, {
        ...acceptingOnce,
        resources: [...resources, 'https://api.example.com/admin'],
      }),
    )
    const asked: string[] = []
    const byRequest = async ({ url }: Request): Promise<string[]> => {
      asked.push(url)
      return ['https://api.example.com/admin']
    }
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      verifyRequest(request, { ...acceptingOnce, resources: byRequest }),
    )
    expect(asked).toEqual([URL_OF_NOTES])
  })

  it('with a capability that has expired', async () => {
    const exp = '2026-01-31T12:00:30.000Z'
    const short = await testSigner('P-256', { exp })
    const request = await short.sign(get())
    await verifyRequest(request, { ...acceptingOnce, now: () => Date.parse(exp) - 1 })
    await expectCode('ERR_CAPABILITY_EXPIRED', () =>
      verifyRequest(request, { ...acceptingOnce, now: () => Date.parse(exp) }),
    )
  })

  it('with signature headers longer than their limits, before they are parsed', async () => {
    const request = await signer.sign(get())
    const input = request.headers.get('signature-input') ?? ''
    // Signatures of others, such as a proxy's, are ignored.
    const longerInput = (length: number): Promise<Request> => {
      const shortest = `${input}, proxy=("@method");nonce=""`.length
      const nonce = 'a'.repeat(length - shortest)
      return altered(request, {
        headers: {
          'signature-input': `${input}, proxy=("@method");nonce="${nonce}"`,
          signature: `${request.headers.get('signature')}, proxy=:AAAA:`,
        },
      })
    }
    await verifyRequest(await longerInput(2048), acceptingOnce)
    const { message } = await expectCode('ERR_REQUEST_SIGNATURE', async () =>
      verifyRequest(await longerInput(2049), acceptingOnce),
    )
    expect(message).toContain('2048 characters')

    const typed = (length: number): Promise<Request> => {
      const type = 'text/plain; x='
      const headers = { 'content-type': type + 'x'.repeat(length - type.length) }
      return signer.sign(new Request(URL_OF_NOTES, { method: 'POST', body: 'Buy cacao beans', headers }))
    }
    await verifyRequest(await typed(512), acceptingOnce)
    await expectCode('ERR_REQUEST_SIGNATURE', async () => verifyRequest(await typed(513), acceptingOnce))
  })

  it('with tabs or several spaces in a row in its signature headers', async () => {
    const request = await signer.sign(get())
    const spelt = (space: string): Promise<Request> =>
      altered(request, { headers: inputWith(request, ';alg', `;${space}alg`) })
    await verifyRequest(await spelt(' '), acceptingOnce)
    for (const space of ['  ', '\t', ' \t'])
      await expectCode('ERR_REQUEST_SIGNATURE', async () => verifyRequest(await spelt(space), acceptingOnce))
  })

  it('with a body larger than maxBodyBytes', async () => {
    const request = await signer.sign(post('x'.repeat(1001)))
    await expectCode('ERR_REQUEST_TOO_LARGE', () =>
      verifyRequest(request.clone(), { ...acceptingOnce, maxBodyBytes: 1000 }),
    )
    await verifyRequest(request, { ...acceptingOnce, maxBodyBytes: 1001 })
  })
})

describe('a request verifier', () => {
  it('accepts a request once, and never again', async () => {
    const verify = requestVerifier(accepting)
    const request = await signer.sign(post())
    await verify(await altered(request, {}))
    await expectCode('ERR_REQUEST_REPLAYED', () => verify(request))
    await verify(await signer.sign(post()))
  })

  it('accepts only one of two simultaneous uses', async () => {
    const verify = requestVerifier(accepting)
    const request = await signer.sign(get())
    const results = await Promise.allSettled([verify(request), verify(request.clone())])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('does not count a refused request as used', async () => {
    const verify = requestVerifier(accepting)
    const request = await signer.sign(post())
    await expectCode('ERR_REQUEST_DIGEST', async () => verify(await altered(request, { body: 'x' })))
    await verify(request)
  })

  it('with replay: false accepts a request again until it expires', async () => {
    const verify = requestVerifier({ ...accepting, replay: false })
    const request = await signer.sign(get())
    await verify(request)
    await verify(request)
  })

  it('checks a wallet signature once, and everything that can change each time', async () => {
    let checks = 0
    const clock = testClock(NOW)
    const { eip191 } = accepting.verifiers
    const verifiers: Verifiers = {
      async eip191(...judged: Parameters<typeof eip191>) {
        checks++
        await eip191(...judged)
      },
    }
    const revocation = memoryRevocation()
    let accepted = 'example.com'
    let resources: string[] | false = false
    const verify = requestVerifier({
      ...accepting,
      verifiers,
      domains: (domain) => domain === accepted,
      revocation,
      resources: () => resources,
      now: clock.now,
    })
    const short = await testSigner('P-256', { exp: '2026-01-31T12:30:00.000Z' })
    const send = async (): Promise<unknown> => verify(await short.sign(get(), clock.now()))
    await send()
    await send()
    expect(checks).toBe(1)

    resources = ['https://api.example.com/admin']
    await expectCode('ERR_CAPABILITY_RESOURCES', send)
    resources = false
    accepted = 'example.org'
    await expectCode('ERR_CAPABILITY_DOMAIN', send)
    accepted = 'example.com'
    await send()
    await revocation.revoke(short.cacao)
    await expectCode('ERR_CAPABILITY_REVOKED', send)
    const late = await short.sign(get(), Date.parse('2026-01-31T12:29:59Z'))
    clock.set(Date.parse('2026-01-31T12:30:00Z'))
    await expectCode('ERR_CAPABILITY_EXPIRED', () => verify(late))
    expect(checks).toBe(1)
  })

  it('refuses a known capability again if the clock goes back to before it is valid', async () => {
    const clock = testClock(NOW)
    // By default, clocks may differ by 300 seconds.
    const later = await testSigner('P-256', { nbf: new Date(NOW + 300_000).toISOString() })
    const verify = requestVerifier({ ...accepting, now: clock.now })
    const send = async (): Promise<unknown> =>
      verify(await signRequest(get(), later, NOW + 300_000, clock.now()))
    await send()
    await send()
    clock.set(NOW - 1)
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', send)
  })

  it('checks each time what may change: the signature of a contract account, which is never cached', async () => {
    let accepts = true
    const verifiers: Verifiers = {
      async eip1271() {
        if (!accepts) throw new SessionError('ERR_CAPABILITY_SIGNATURE', 'the contract refuses it')
      },
    }
    const verify = requestVerifier({ ...accepting, verifiers })
    const { p } = signer.cacao
    const cacao = parseCacao({ h: { t: 'eip4361' }, p, s: { t: 'eip1271', s: '0x00' } })
    const send = async (): Promise<unknown> =>
      verify(await signRequest(get(), { key: signer.key, cacao }, NOW))
    await send()
    accepts = false
    await expectCode('ERR_CAPABILITY_SIGNATURE', send)
  })

  it('caches no more capabilities than cacheSize', async () => {
    let checks = 0
    const verifiers: Verifiers = {
      async eip191() {
        checks++
      },
    }
    const verify = requestVerifier({ ...accepting, verifiers, cacheSize: 1 })
    for (const by of [signer, signer, other, signer]) await verify(await by.sign(get()))
    expect(checks).toBe(3)
  })

  it('never caches a capability that was refused', async () => {
    const forged = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` })
    const verify = requestVerifier(accepting)
    for (let i = 0; i < 2; i++)
      await expectCode('ERR_CAPABILITY_SIGNATURE', async () => verify(await forged.sign(get())))
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['never answers', () => new Promise<boolean>(() => undefined)],
    ['answers neither yes nor no', () => Promise.resolve('OK' as unknown as boolean)],
    ['answers undefined', () => undefined as unknown as boolean],
  ])('refuses while a store %s', async (_, answer) => {
    const request = await signer.sign(get())
    const storeTimeoutMs = 20
    const withReplay = requestVerifier({ ...accepting, storeTimeoutMs, replay: { use: answer } })
    await expectCode('ERR_STORE_UNAVAILABLE', () => withReplay(request))
    const withRevocation = requestVerifier({
      ...accepting,
      storeTimeoutMs,
      revocation: { isRevoked: answer },
    })
    await expectCode('ERR_STORE_UNAVAILABLE', () => withRevocation(request))
  })

  it('accepts a signature only if the app’s verifyKeySignature returns true', async () => {
    const request = await signer.sign(get())
    const respelled = new Request(request, {
      headers: [...request.headers].map(([name, value]) => [
        name,
        name === 'signature-input' ? `${value}, other=("@method");created=1` : value,
      ]),
    })
    respelled.headers.append('signature', 'other=:AAAA:')
    const verifying = (of: Request, answer: unknown) =>
      requestVerifier({ ...accepting, verifyKeySignature: async () => answer as boolean })(of)
    for (const of of [request, respelled]) {
      expect((await verifying(of, true)).account).toBe(ACCOUNT_A)
      for (const answer of [{ valid: false }, 'false', 1, undefined])
        await expectCode('ERR_REQUEST_SIGNATURE', () => verifying(of, answer))
    }
  })

  it('waits for a store for storeTimeoutMs, even longer than a timer can', async () => {
    const late = () => new Promise<boolean>((resolve) => setTimeout(resolve, 20, true))
    const verify = requestVerifier({ ...accepting, storeTimeoutMs: 2 ** 40, replay: { use: late } })
    expect((await verify(await signer.sign(get()))).account).toBe(ACCOUNT_A)
  })

  it('refuses requests when its replay memory is full, and forgets none', async () => {
    const clock = testClock(NOW)
    const replay = memoryReplay({ maxEntries: 1, now: clock.now })
    const verify = requestVerifier({ ...accepting, replay, now: clock.now })
    await verify(await signer.sign(get()))
    await expectCode('ERR_STORE_UNAVAILABLE', async () => verify(await signer.sign(get())))
    clock.advance(370)
    await verify(await signer.sign(get(), clock.now()))
  })
})

describe('a wrong option is a TypeError', () => {
  const wrong: readonly (readonly [string, object])[] = [
    ['no authority', { authority: undefined }],
    ['an origin', { authority: 'https://api.example.com' }],
    ['upper case', { authority: 'API.example.com' }],
    ['unicode', { authority: 'bücher.example' }],
    ['a path', { authority: 'api.example.com/notes' }],
    ['user information', { authority: 'user@api.example.com' }],
    ['an empty list', { authority: [] }],
    ['no domains', { domains: undefined }],
    ['empty domains', { domains: [] }],
    ['no verifiers', { verifiers: undefined }],
    ['a string for the resources', { resources: RESOURCE }],
    ['a replay store without use', { replay: {} }],
    ['a revocation store without isRevoked', { revocation: {} }],
    ['a negative maxAgeSecs', { maxAgeSecs: -1 }],
    ['a maxAgeSecs for which no session signs', { maxAgeSecs: 3601 }],
    ['an endless clockSkewSecs', { clockSkewSecs: Number.POSITIVE_INFINITY }],
    ['maxBodyBytes in words', { maxBodyBytes: '1mb' }],
    ['a cacheSize that is no number', { cacheSize: Number.NaN }],
  ]
  it.each(wrong)('%s', async (_, options) => {
    const all = { ...accepting, ...options }
    expect(await failureOf(() => requestVerifier(all as never))).toBeInstanceOf(TypeError)
  })

  it.each(['localhost', 'localhost:3000', '127.0.0.1:8080', '[::1]:8080', 'xn--bcher-kva.example'])(
    'but %s is a valid authority',
    (authority) => expect(requestVerifier({ ...accepting, authority })).toBeTypeOf('function'),
  )
})

describe('verifyRequest requires the replay option', () => {
  const { replay: _, ...silent } = acceptingOnce

  it('and accepts a store that outlives the call', async () => {
    const replay = memoryReplay({ now: () => NOW })
    const request = await signer.sign(get())
    await verifyRequest(request.clone(), { ...silent, replay })
    await expectCode('ERR_REQUEST_REPLAYED', () => verifyRequest(request.clone(), { ...silent, replay }))
  })

  it('and accepts false', async () => {
    const request = await signer.sign(get())
    for (let i = 0; i < 2; i++) await verifyRequest(request.clone(), { ...silent, replay: false })
  })

  it.each([
    ['nothing', {}],
    ['undefined', { replay: undefined }],
    ['null', { replay: null }],
    ['true', { replay: true }],
    ['a function', { replay: () => true }],
    ['a store without use', { replay: {} }],
    [
      'a non-enumerable replay option that is undefined',
      Object.defineProperty({}, 'replay', { value: undefined }),
    ],
  ])('and refuses %s', async (_name, options) => {
    const given = Object.defineProperties({ ...silent }, Object.getOwnPropertyDescriptors(options))
    const error = await failureOf(async () => verifyRequest(await signer.sign(get()), given as never))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toMatch(/^replay .*memoryReplay\(\).*false/)
  })

  it('but requestVerifier, which is called many times, has its own replay memory', async () => {
    const verify = requestVerifier(accepting)
    const request = await signer.sign(get())
    await verify(request.clone())
    await expectCode('ERR_REQUEST_REPLAYED', () => verify(request.clone()))
  })
})

describe('a revocation store', () => {
  class Revoked {
    readonly #keys = new Set<string>()
    add(keyDID: string): void {
      this.#keys.add(keyDID)
    }
    isRevoked({ p }: Cacao): boolean {
      return this.#keys.has(p.aud)
    }
  }

  it('may be an instance of a class, whose methods keep their this', async () => {
    const revocation = new Revoked()
    const options = { verifiers: accepting.verifiers, now: accepting.now, revocation }
    const request = await signer.sign(get())
    await verifyRequest(request, { ...acceptingOnce, revocation })
    await verifyCacao(signer.cacao, options)
    revocation.add(signer.key.did)
    await expectCode('ERR_CAPABILITY_REVOKED', () => verifyRequest(request, { ...acceptingOnce, revocation }))
    await expectCode('ERR_CAPABILITY_REVOKED', () => verifyCacao(signer.cacao, options))
  })

  it('must be an object: for a function the error shows the right form', async () => {
    const options = { ...acceptingOnce, revocation: () => false }
    const error = await failureOf(async () => verifyRequest(await signer.sign(get()), options as never))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain('{ isRevoked: (capability) =>')
  })
})
