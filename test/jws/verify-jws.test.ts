import * as dagJSON from '@ipld/dag-json'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { beforeAll, describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { toDID } from '../../src/compat/dids.js'
import { type VerifyJWSOptions, verifyJWS } from '../../src/jws/verify-jws.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { describeWith, fixture, fixtureNames } from '../setup/fixtures.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

const verifiers = ethereumVerifiers()
const resources = ['ceramic://*']
const auth = (key: typeof KEY_A | typeof KEY_B = KEY_A) =>
  ethereumAuth(key, undefined, { domain: 'app.example' })

interface Signed {
  readonly session: DIDSession
  readonly jws: { payload: string; signatures: { protected: string; signature: string }[]; link?: unknown }
  readonly compact: string
}
const compactOf = ({ payload, signatures }: Signed['jws']): string =>
  `${signatures[0]?.protected}.${payload}.${signatures[0]?.signature}`
async function sign(session: DIDSession): Promise<Signed> {
  const jws = (await (await toDID(session)).createJWS({ note: 'ü' })) as Signed['jws']
  return { session, jws, compact: compactOf(jws) }
}

let p256: Signed
let ed25519: Signed
let foreign: Signed
beforeAll(async () => {
  p256 = await sign(await DIDSession.get(ACCOUNT_A, auth(), { resources, store: memoryStore() }))
  ed25519 = await sign(await DIDSession.authorize(auth(), { resources }))
  foreign = await sign(await DIDSession.authorize(auth(KEY_B), { resources }))
})

const kinds: [string, () => Signed][] = [
  ['ES256', () => p256],
  ['EdDSA', () => ed25519],
]
const jsonOf = (segment = ''): Record<string, unknown> =>
  JSON.parse(fromUtf8(fromBase64url(segment) ?? new Uint8Array()) ?? '')
const segmentOf = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)))
const segmentsOf = (header: object): string => `${segmentOf(header)}.e30.e30`

/** The JWS with another header, signed again by the session's own key, so that only the header is wrong. */
async function resign({ session, jws }: Signed, changes: object): Promise<string> {
  const head = segmentOf({ ...jsonOf(jws.signatures[0]?.protected), ...changes })
  return `${head}.${jws.payload}.${toBase64url(await session.sign(utf8(`${head}.${jws.payload}`)))}`
}

/** The JWS with this text as its payload, signed by the session's own key. */
async function withPayload({ session, jws }: Signed, text: string): Promise<string> {
  const input = `${jws.signatures[0]?.protected}.${toBase64url(utf8(text))}`
  return `${input}.${toBase64url(await session.sign(utf8(input)))}`
}

describe.each(kinds)('a JWS signed with %s', (_, signed) => {
  const check = (input: unknown, options: VerifyJWSOptions = {}) =>
    verifyJWS(input, { verifiers, capability: signed().session.cacao, ...options })

  it('is verified for the account that granted the capability', async () => {
    const { session, jws, compact } = signed()
    for (const input of [jws, compact, JSON.parse(JSON.stringify(jws))]) {
      const result = await check(input, {
        issuer: session.id,
        resources: ['ceramic://a'],
        domains: ['app.example'],
      })
      expect(result).toMatchObject({
        issuer: session.id,
        keyDID: session.keyDID,
        payload: { note: 'ü' },
        cacao: session.cacao,
      })
    }
  })

  it('is verified for the key only, without a capability', async () => {
    const { session, compact } = signed()
    expect(await verifyJWS(compact)).toMatchObject({
      issuer: session.keyDID,
      keyDID: session.keyDID,
      payload: { note: 'ü' },
    })
    expect(await verifyJWS(compact, { issuer: session.keyDID })).toMatchObject({ issuer: session.keyDID })
    await expectCode('ERR_CAPABILITY_ISSUER', () => verifyJWS(compact, { issuer: session.id }))
    await expectCode('ERR_CAPABILITY_RESOURCES', () => verifyJWS(compact, { resources: ['ceramic://a'] }))
    await expectCode('ERR_CAPABILITY_RESOURCES', () => verifyJWS(compact, { domains: ['app.example'] }))
    await expectCode('ERR_CAPABILITY_RESOURCES', () => verifyJWS(compact, { nonce: 'abcdefgh' }))
  })

  it('may name the algorithm Ed25519 instead of EdDSA, and its key without a fragment', async () => {
    const { session } = signed()
    const alg = session.keyDID.startsWith('did:key:z6Mk') ? 'Ed25519' : 'ES256'
    await expect(check(await resign(signed(), { alg, kid: session.keyDID }))).resolves.toMatchObject({
      issuer: session.id,
    })
  })

  it('has a payload that an app can process safely', async () => {
    const levels = (count: number) => `${'{"a":'.repeat(count)}1${'}'.repeat(count)}`
    expect((await check(await withPayload(signed(), levels(100)))).payload).toEqual(JSON.parse(levels(100)))
    // Only the text of a value, not a member.
    expect((await check(await withPayload(signed(), '{"a":"__proto__"}'))).payload).toEqual({
      a: '__proto__',
    })
    for (const text of [
      levels(101),
      levels(1000),
      '{"__proto__":{}}',
      '{"a":[{"__proto__":{"isAdmin":true}}]}',
    ])
      await expectCode('ERR_JWS_INVALID', async () => check(await withPayload(signed(), text)))
    // What is not a JSON object is for the app to parse.
    expect((await check(await withPayload(signed(), `[${levels(101)}]`))).payload).toBeUndefined()
  })

  it('may be a DAG-JWS, whose link must be that of its payload', async () => {
    const { jws } = await (await toDID(signed().session)).createDagJWS({ note: 'ü' })
    const result = await check(jws)
    expect(result.payload).toBeUndefined()
    expect(result.payloadBytes[0]).toBe(1)
    for (const link of ['bafyreih2bkw6nitaynz4etqar536yhxypisapxe5azmmxcxmvohappqcly', 7, null]) {
      await expectCode('ERR_JWS_INVALID', () => check({ ...jws, link }))
    }
  })

  it('may be a DAG-JWS with any encoding of its link', async () => {
    const { jws } = await (await toDID(signed().session)).createDagJWS({ note: 'ü' })
    const other = CID.parse('bafyreih2bkw6nitaynz4etqar536yhxypisapxe5azmmxcxmvohappqcly')
    const forms: ((link: CID) => unknown)[] = [
      (link) => link,
      (link) => link.toString(),
      (link) => link.toString(base36),
      (link) => link.toJSON(),
      (link) => JSON.parse(JSON.stringify({ link })).link,
      (link) => dagJSON.decode(dagJSON.encode(link)),
      (link) => JSON.parse(dagJSON.stringify(link)),
      (link) => structuredClone({ ...link }),
    ]
    const link = CID.parse(String(jws.link))
    for (const form of forms) {
      await expect(check({ ...jws, link: form(link) })).resolves.toMatchObject({
        issuer: signed().session.id,
      })
      await expectCode('ERR_JWS_INVALID', () => check({ ...jws, link: form(other) }))
    }
    for (const read of [JSON.parse(JSON.stringify(jws)), dagJSON.parse(dagJSON.stringify(jws))])
      await expect(check(read)).resolves.toMatchObject({ issuer: signed().session.id })
    const text = link.toString()
    const not = [{ '/': text, and: 1 }, { '/': { bytes: text } }, [text], {}, '', `${text}a`, new Date()]
    for (const wrong of not) await expectCode('ERR_JWS_INVALID', () => check({ ...jws, link: wrong }))
  })

  it.each([
    ['the payload', (parts: string[]) => [parts[0], segmentOf({ note: 'u' }), parts[2]]],
    ['the header', (parts: string[]) => [segmentOf({ ...jsonOf(parts[0]), x: 1 }), parts[1], parts[2]]],
    ['the signature', (parts: string[]) => [parts[0], parts[1], toBase64url(new Uint8Array(64).fill(1))]],
    ['the signature, made short', (parts: string[]) => [parts[0], parts[1], parts[2]?.slice(0, -2)]],
    ['the signature, made zero', (parts: string[]) => [parts[0], parts[1], toBase64url(new Uint8Array(64))]],
  ])('is refused with another %s', async (_, change) => {
    const parts = change(signed().compact.split('.'))
    await expectCode('ERR_JWS_INVALID', () => check(parts.join('.')))
  })

  it.each([
    ['no algorithm', { alg: undefined }],
    ['none', { alg: 'none' }],
    ['an algorithm for other keys', { alg: 'ES256K' }],
    ['a symmetric algorithm', { alg: 'HS256' }],
    ['the name of a member of Object.prototype', { alg: 'toString' }],
    ['a list for the algorithm', { alg: ['EdDSA'] }],
    ['no key', { kid: undefined }],
    ['a key of another method', { kid: 'did:web:example.com#1' }],
    ['a fragment of another key', { kid: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3#other' }],
    ['a kid that is no string', { kid: 7 }],
    ['a critical extension', { crit: ['exp'] }],
    ['an unencoded payload', { b64: false }],
    ['a cap without ipfs:', { cap: 'bafyreidjeghhdzg5bs7bt4gsnm2vtj5cnyz6of4v5jmmdf3jeuldmxtsp4' }],
  ])('is refused if its header has %s', async (_, changes) => {
    await expectCode('ERR_JWS_INVALID', async () => check(await resign(signed(), changes)))
  })

  it('names its capability by a CID of letters and digits', async () => {
    const named = async (cap: unknown) => verifyJWS(await resign(signed(), { cap }))
    const issuer = signed().session.keyDID
    for (const cid of ['QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG', 'bafyreih2bkw6nitaynz4'])
      expect(await named(`ipfs://${cid}`)).toMatchObject({ issuer })
    for (const cid of ['', 'bafy\u001b[2J', 'bafy\nbafy', 'bafy\n', 'bafy/path', 'bafy\u212a'])
      await expectCode('ERR_JWS_INVALID', () => named(`ipfs://${cid}`))
    await expectCode('ERR_JWS_INVALID', () => named(['ipfs://bafy']))
  })

  it('names its key by its did:key, or by the DID URL of that key', async () => {
    const { keyDID } = signed().session
    const named = async (kid: string) => verifyJWS(await resign(signed(), { kid, cap: undefined }))
    for (const kid of [keyDID, `${keyDID}#${keyDID.slice(8)}`])
      expect(await named(kid)).toMatchObject({ keyDID, kid })
    for (const kid of [`${keyDID}#`, `${keyDID}#1`, `${keyDID}#${keyDID.slice(8)}#`, `${keyDID}?a#1`])
      await expectCode('ERR_JWS_INVALID', () => named(kid))
  })

  it('has any type but that of a session token', async () => {
    const typed = async (typ: unknown) => verifyJWS(await resign(signed(), { typ, cap: undefined }))
    for (const typ of [undefined, 'JWT', 'JWS', 'application/vc+jwt'])
      expect(await typed(typ)).toMatchObject({ issuer: signed().session.keyDID })
    for (const typ of ['cacao-session', 'cacao-session+jwt', 'application/Cacao-Session-url+jwt'])
      await expectCode('ERR_JWS_INVALID', () => typed(typ))
  })

  it('has three parts and one signature, and its payload in base64url', async () => {
    const { session, jws, compact } = signed()
    const { signatures } = jws
    expect(await verifyJWS({ payload: jws.payload, signatures })).toMatchObject({ payload: { note: 'ü' } })
    for (const input of [
      `${compact}.`,
      `${compact}.e30`,
      { ...jws, signatures: [...signatures, ...signatures] },
    ])
      await expectCode('ERR_JWS_INVALID', () => verifyJWS(input))
    const withText = async (text: string) => {
      const input = `${signatures[0]?.protected}.${text}`
      return verifyJWS(`${input}.${toBase64url(await session.sign(utf8(input)))}`)
    }
    expect((await withText('e30')).payload).toEqual({})
    expect((await withText('')).payloadBytes).toEqual(new Uint8Array())
    for (const text of ['e30=', 'e3 0', 'e31', '{}'])
      await expectCode('ERR_JWS_INVALID', () => withText(text))
  })

  it('has at most 400,000 characters', async () => {
    const ofLength = async (length: number) => {
      const head = segmentOf({
        ...jsonOf(signed().jws.signatures[0]?.protected),
        pad: 'x'.repeat(length % 3),
      })
      const input = `${head}.${'A'.repeat(length - head.length - 88)}`
      return `${input}.${toBase64url(await signed().session.sign(utf8(input)))}`
    }
    const [most, tooMany] = [await ofLength(400_000), await ofLength(400_001)]
    expect([most.length, tooMany.length]).toEqual([400_000, 400_001])
    expect(await verifyJWS(most)).toMatchObject({ issuer: signed().session.keyDID })
    await expectCode('ERR_JWS_INVALID', () => verifyJWS(tooMany))
  })

  it('is refused if its header names the other algorithm', async () => {
    const alg = signed().session.keyDID.startsWith('did:key:z6Mk') ? 'ES256' : 'EdDSA'
    await expectCode('ERR_JWS_INVALID', async () => check(await resign(signed(), { alg })))
  })

  it('is refused with another capability than its own', async () => {
    const { session } = signed()
    const other = await DIDSession.authorize(auth(), { resources })
    await expectCode('ERR_JWS_INVALID', () => check(signed().compact, { capability: other.cacao }))
    await expectCode('ERR_JWS_INVALID', () => check(signed().compact, { capability: foreign.session.cacao }))
    const cap = jsonOf(foreign.jws.signatures[0]?.protected)['cap']
    await expectCode('ERR_CAPABILITY_AUDIENCE', async () =>
      check(await resign(signed(), { cap }), { capability: foreign.session.cacao }),
    )
    await expectCode('ERR_JWS_INVALID', async () => check(await resign(signed(), { cap: undefined })))
    await expectCode('ERR_CAPABILITY_ISSUER', () => check(signed().compact, { issuer: ACCOUNT_B }))
    await expectCode('ERR_CAPABILITY_RESOURCES', () => check(signed().compact, { resources: ['other://a'] }))
    await expectCode('ERR_CAPABILITY_DOMAIN', () => check(signed().compact, { domains: ['evil.example'] }))
    await expectCode('ERR_CAPABILITY_REVOKED', () =>
      check(signed().compact, { revocation: { isRevoked: () => true } }),
    )
    const later = Date.parse(session.cacao.p.exp ?? '')
    await expectCode('ERR_CAPABILITY_EXPIRED', () => check(signed().compact, { now: () => later }))
  })

  it('always has its capability verified, with any options', async () => {
    const { session, compact } = signed()
    const forged = { ...session.cacao, p: { ...session.cacao.p, iss: `did:pkh:${ACCOUNT_B}` } } as Cacao
    await expectCode('ERR_JWS_INVALID', () => check(compact, { capability: forged }))
    await expectCode('ERR_CAPABILITY_INVALID', () =>
      check(compact, { capability: { ...session.cacao, s: undefined } }),
    )
    for (const capability of [null, 7, 'bafy', []])
      await expectCode('ERR_CAPABILITY_INVALID', () => check(compact, { capability }))
    expect(await failureOf(() => verifyJWS(compact, { capability: session.cacao }))).toBeInstanceOf(TypeError)
  })
})

describe('malformed input', () => {
  it.each([
    [undefined, 'a string or an object'],
    [null, 'a string or an object'],
    [7, 'a string or an object'],
    ['', 'a header, a payload and a signature'],
    ['a.b', 'a header, a payload and a signature'],
    ['a.b.c.d', 'a header, a payload and a signature'],
    ['...', 'a header, a payload and a signature'],
    ['.e30.e30', 'a header, a payload and a signature'],
    ['e30.e30.', 'a header, a payload and a signature'],
    ['e30.e30.e30', 'must have a kid'],
    ['W10.e30.e30', 'must be an object'],
    ['bnVsbA.e30.e30', 'must be an object'],
    ['fw.e30.e30', 'must be JSON'],
    ['e30=.e30.e30', 'base64url'],
    ['e30.e30=.e30', 'base64url'],
    ['e30.e30.e30=', 'base64url'],
    [segmentsOf({ kid: 7 }), 'must have a kid'],
    [segmentsOf({ kid: 'did:web:example.com' }), 'a did:key'],
    [{}, 'exactly one signature'],
    [[], 'exactly one signature'],
    [{ payload: 'e30', signatures: [] }, 'exactly one signature'],
    [{ payload: 'e30', signatures: [{}, {}] }, 'exactly one signature'],
    [{ payload: 'e30', signatures: [null] }, 'exactly one signature'],
    [{ payload: 'e30', signatures: ['e30'] }, 'exactly one signature'],
    [{ payload: 7, signatures: [{ protected: 'e30', signature: 'e30' }] }, 'must be strings'],
    ['x'.repeat(400_001), 'at most 400000 characters'],
  ])('is refused, and the error says why: case %#', async (input, reason) => {
    expect((await expectCode('ERR_JWS_INVALID', () => verifyJWS(input))).message).toContain(reason)
  })
})

describe('input that throws when it is read', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  it.each([
    ['a proxy', () => new Proxy({}, { get: boom })],
    [
      'a getter',
      () => ({
        signatures: [],
        get payload() {
          return boom()
        },
      }),
    ],
    [
      'a link that is no CID',
      () => ({
        ...ed25519.jws,
        link: {
          version: 1,
          get '/'() {
            return boom()
          },
        },
      }),
    ],
  ])('is refused: %s', async (_, make) => {
    const error = await expectCode('ERR_JWS_INVALID', () => verifyJWS(make()))
    expect(error.cause).toMatchObject({ message: 'boom' })
  })
})

interface JWSFixture {
  kind: 'json' | 'dag'
  payloadIn: object
  compact: string
  jws: object
  capability: unknown
  issuer: string
  signer: string
}
const names = fixtureNames('did-session-4/jws-')
describeWith('a JWS of did-session 4', names.length > 0 ? names : undefined, (all) => {
  it.each(all)('%s is verified with its capability', async (name) => {
    const { compact, jws, kind, payloadIn, capability, issuer, signer } = (await fixture<JWSFixture>(
      name,
    )) as JWSFixture
    for (const input of [compact, jws]) {
      const result = await verifyJWS(input, { capability, issuer, verifiers })
      expect([result.issuer, result.keyDID]).toEqual([issuer, signer])
      expect(result.payload).toEqual(kind === 'json' ? payloadIn : undefined)
    }
  })
})
