import { ed25519 } from '@noble/curves/ed25519.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toHex } from '../../src/base/hex.js'
import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { signDelegated } from '../../src/capability/verify-signature.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { encodeDIDKey, isEd25519Key, knownKey, parseDIDKey } from '../../src/key/did-key.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { toBase58 } from '../../src/key/session-key.js'
import { verifyByNoble, verifyKeySignature } from '../../src/key/verify.js'
import { DIDSession } from '../../src/session/did-session.js'
import { keyAuth, keyVerifiers } from '../../src/wallet/key/index.js'
import { solanaVerifiers } from '../../src/wallet/solana/index.js'
import {
  didOf,
  FORGEABLE_KEY,
  FORGED_SIGNATURE,
  NON_CANONICAL_KEYS,
  SMALL_ORDER_KEYS,
} from '../setup/bad-keys.js'
import { payload, signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'

const bad = new Map([...SMALL_ORDER_KEYS, ...NON_CANONICAL_KEYS].map((bytes) => [toHex(bytes), bytes]))
const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const verifiers = { ...keyVerifiers(), ...solanaVerifiers() }

describe('a key for which anyone can forge signatures', () => {
  it('is one of eight points, in any encoding', () => {
    // Five y, two of which can be written with y + p too, each with both signs.
    expect(SMALL_ORDER_KEYS).toHaveLength(14)
    expect(NON_CANONICAL_KEYS).toHaveLength(38)
    expect(bad.size).toBe(14 + 38 - 4)
  })

  it.each([...bad])('%s is refused everywhere', async (_, bytes) => {
    expect(isEd25519Key(bytes)).toBe(false)
    const did = didOf(bytes)
    expect([parseDIDKey(did), knownKey(did)]).toEqual([undefined, undefined])
    expect(() => encodeDIDKey({ type: 'Ed25519', bytes })).toThrow(TypeError)
    expect(await verifyKeySignature({ type: 'Ed25519', bytes }, FORGED_SIGNATURE, utf8('any text'))).toBe(
      false,
    )
  })

  it('would have accepted a signature of every text with other verifiers', async () => {
    const data = utf8('I owe you')
    expect(ed25519.verify(FORGED_SIGNATURE, data, FORGEABLE_KEY, { zip215: true })).toBe(true)
    expect(await verifyKeySignature({ type: 'Ed25519', bytes: FORGEABLE_KEY }, FORGED_SIGNATURE, data)).toBe(
      false,
    )
    expect(await verifyByNoble(FORGEABLE_KEY, FORGED_SIGNATURE, data)).toBe(false)
  })

  it.each([
    ['an account (did:key)', didOf(FORGEABLE_KEY), { t: 'key:ed25519', s: toBase64url(FORGED_SIGNATURE) }],
    [
      'a Solana account',
      `did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:${toBase58(FORGEABLE_KEY)}`,
      { t: 'solana:ed25519', s: toBase58(FORGED_SIGNATURE) },
    ],
  ])('is no valid issuer: %s', async (_, iss, s) => {
    const cacao = { h: { t: 'caip122' }, p: payload({ iss }), s }
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(cacao, { verifiers, now }))
  })

  it('is no valid link of a chain, nor a valid audience of delegation', async () => {
    const did = didOf(FORGEABLE_KEY)
    const parent = signed({ aud: did })
    const key = { did, type: 'Ed25519' as const, sign: async () => FORGED_SIGNATURE }
    const { aud, version, nonce, iat, exp, resources } = payload()
    const p = { aud, version, nonce, iat, ...(exp !== undefined && { exp }), ...(resources && { resources }) }
    const child: Cacao = await signDelegated(key, p, parent)
    // The wallet's own signature is valid, so the link is what is checked.
    const eip191 = async (): Promise<void> => undefined
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao(parseCacao(JSON.parse(JSON.stringify(child))), { verifiers: { eip191 }, now }),
    )
    const session = await DIDSession.authorize(
      keyAuth({ type: 'Ed25519', secret: new Uint8Array(32).fill(7) }, { domain: 'app.example.com' }),
      { resources: ['a:b'] },
    )
    for (const audience of [did, ...[...bad.values()].map(didOf)])
      expect(await failureOf(() => session.delegate({ audience, resources: ['a:b'] }))).toBeInstanceOf(
        TypeError,
      )
  })

  it('is no valid key of a JWS', async () => {
    const did = didOf(FORGEABLE_KEY)
    const encoded = (value: object): string => toBase64url(utf8(JSON.stringify(value)))
    const header = encoded({ alg: 'EdDSA', kid: `${did}#${did.slice('did:key:'.length)}` })
    const jws = `${header}.${encoded({ a: 1 })}.${toBase64url(FORGED_SIGNATURE)}`
    await expectCode('ERR_JWS_INVALID', () => verifyJWS(jws))
  })

  it('can not sign in', async () => {
    const key = { did: didOf(FORGEABLE_KEY), sign: async () => FORGED_SIGNATURE }
    const signIn = () => DIDSession.authorize(keyAuth(key, { domain: 'a.example' }), { resources: ['a:b'] })
    expect(await failureOf(signIn)).toBeInstanceOf(Error)
  })
})

describe('a valid Ed25519 key', () => {
  let bytes: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    bytes = parseDIDKey((await generateSessionKey('Ed25519')).did)?.bytes ?? new Uint8Array()
  })

  it('is accepted unchanged', () => {
    expect(isEd25519Key(bytes)).toBe(true)
    expect(knownKey(didOf(bytes))?.bytes).toEqual(bytes)
  })

  it('is accepted even next to the refused ones, with exactly 32 bytes', () => {
    // Bytes in which only the last byte except the sign, or only one in the middle, makes the difference.
    const highest = Uint8Array.from({ length: 32 }, (_, i) => [0xeb, 0x7f][[0, 31].indexOf(i)] ?? 0xff)
    expect(isEd25519Key(highest)).toBe(true)
    for (const i of [0, 15, 30, 31]) {
      const other = Uint8Array.from(highest)
      other[0] = 0xed
      other[i] = (other[i] ?? 0) - 2
      expect(isEd25519Key(other)).toBe(true)
    }
    expect(isEd25519Key(bytes.subarray(1))).toBe(false)
    expect(isEd25519Key(new Uint8Array(33).fill(9))).toBe(false)
  })
})

describe('a P-256 point that is not on the curve', () => {
  // About half of all x have no point.
  const offCurve = Array.from({ length: 64 }, (_, i) => {
    const bytes = new Uint8Array(33).fill(i + 1)
    bytes[0] = 2
    return bytes
  })

  it('verifies no signature', async () => {
    for (const bytes of offCurve)
      expect(await verifyKeySignature({ type: 'P-256', bytes }, new Uint8Array(64).fill(1), utf8('a'))).toBe(
        false,
      )
  })

  it('and an x beyond the field verify no signature', async () => {
    const beyond = new Uint8Array(33).fill(0xff)
    beyond[0] = 3
    expect(
      await verifyKeySignature({ type: 'P-256', bytes: beyond }, new Uint8Array(64).fill(1), utf8('a')),
    ).toBe(false)
  })
})
