import { CompactEncrypt } from 'jose'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const password = 'correct horse battery staple'
const auth = ethereumAuth(KEY_A, undefined, { domain: 'script.example' })
const read = (text: string, given: string | undefined = password): Promise<DIDSession> =>
  DIDSession.fromSession(text, given === undefined ? {} : { password: given })

const PARTS = ['header', 'key', 'iv', 'ciphertext', 'tag'] as const
type Part = (typeof PARTS)[number]

let session: DIDSession
// The string as the library writes it, and the same with so few rounds that many cases can be tried.
let written: string
let text: string
beforeAll(async () => {
  session = await DIDSession.authorize(auth, { resources })
  written = await session.serialize({ password })
  text = await encrypted()
})

const headerOf = (jwe: string): Record<string, unknown> =>
  JSON.parse(fromUtf8(fromBase64url(jwe.split('.')[0] ?? '') ?? new Uint8Array()) ?? '')
const json = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)))

/** The string with one part replaced. */
function withPart(part: Part, change: (was: string) => string): string {
  return text
    .split('.')
    .map((was, i) => (PARTS[i] === part ? change(was) : was))
    .join('.')
}

/** The string with one bit of a part flipped. */
function flipped(part: Part, at: number): string {
  return withPart(part, (was) => {
    const bytes = fromBase64url(was) ?? new Uint8Array()
    const i = at < 0 ? bytes.length + at : at
    bytes[i] = (bytes[i] ?? 0) ^ 1
    return toBase64url(bytes)
  })
}

interface Made {
  readonly header?: Record<string, unknown>
  readonly key?: Uint8Array
  readonly p2c?: number
  readonly text?: string
}

/** A JWE of the session, made by jose with the given header. */
function encrypted({
  header,
  key = utf8(password),
  p2c,
  text: inside = session.serialize(),
}: Made = {}): Promise<string> {
  const jwe = new CompactEncrypt(utf8(inside)).setProtectedHeader({
    alg: 'PBES2-HS512+A256KW',
    enc: 'A256GCM',
    ...header,
  })
  return (p2c === undefined ? jwe : jwe.setKeyManagementParameters({ p2c })).encrypt(key)
}

describe('a session string encrypted with a password', () => {
  it('is read back with the same key, account and capability', async () => {
    const again = await DIDSession.fromSession(written, { password, verifiers: ethereumVerifiers() })
    expect([again.id, again.keyDID, again.cacao]).toEqual([session.id, session.keyDID, session.cacao])
    expect(again.serialize()).toBe(session.serialize())
  })

  it('is a JWE of five parts whose header shows the algorithm, but nothing of the session', async () => {
    expect(headerOf(written)).toEqual({
      alg: 'PBES2-HS512+A256KW',
      enc: 'A256GCM',
      p2c: 600_000,
      p2s: expect.stringMatching(/^[-\w]{22}$/),
    })
    expect(written.split('.').map((part) => fromBase64url(part)?.length)).toEqual([
      expect.any(Number),
      40,
      12,
      session.serialize().length,
      16,
    ])
  })

  it('has a new salt, key and nonce each time', async () => {
    const second = await session.serialize({ password })
    const [one, two] = [written, second].map((jwe) => jwe.split('.'))
    for (const i of PARTS.keys()) expect(one?.[i]).not.toBe(two?.[i])
  })

  it.each(['wrong', ` ${password}`, password.toUpperCase(), 'ﬁ'])(
    'is refused with a wrong password (%j)',
    async (wrong) => {
      const error = await expectCode('ERR_SESSION_STRING', () => read(text, wrong))
      expect(error.message).toContain('password')
      expect(error.message).not.toContain(wrong)
    },
  )

  it('is read with any Unicode composition of the password', async () => {
    const composed = 'p\u00e4ssw\u00f6rt \u{1F511}'
    const decomposed = composed.normalize('NFD')
    expect(decomposed).not.toBe(composed)
    const jwe = await session.serialize({ password: decomposed })
    expect((await read(jwe, composed)).keyDID).toBe(session.keyDID)
    // Only Unicode composition is normalized: letters that merely look alike are different.
    const ligature = await encrypted({ key: utf8('\ufb01sh') })
    await read(ligature, '\ufb01sh')
    await expectCode('ERR_SESSION_STRING', () => read(ligature, 'fish'))
  })

  it('is refused without a password, and the error asks for one', async () => {
    const error = await expectCode('ERR_SESSION_STRING', () => DIDSession.fromSession(text))
    expect(error.message).toContain('give the password')
  })

  it('may have a password of one space, or a very long one', async () => {
    for (const odd of [' ', 'x'.repeat(10_000)])
      expect((await read(await session.serialize({ password: odd }), odd)).keyDID).toBe(session.keyDID)
  })

  it.each(['', undefined, null, 7, {}, ['a'], new Uint8Array(8)])(
    'is refused with a TypeError for the password %o',
    async (odd) => {
      const options = { password: odd as unknown as string }
      expect(await failureOf(() => session.serialize(options))).toBeInstanceOf(TypeError)
      if (odd === undefined) return
      for (const string of [text, session.serialize()])
        expect(await failureOf(() => DIDSession.fromSession(string, options))).toBeInstanceOf(TypeError)
    },
  )

  it('can not be made of a key that can not be exported', async () => {
    const kept = await DIDSession.get(
      ACCOUNT_A,
      ethereumAuth(testWallet().provider, ACCOUNT_A, { domain: 'a.example' }),
      { resources },
    )
    expect(kept.keyDID).toMatch(/^did:key:zDn/)
    await expectCode('ERR_NOT_SERIALIZABLE', () => kept.serialize({ password }))
  })

  it('is checked like a plain string once it is decrypted', async () => {
    const foreign = await DIDSession.authorize(auth, { resources })
    const { cacao } = foreign
    const { sessionKeySeed } = JSON.parse(
      fromUtf8(fromBase64url(session.serialize()) ?? new Uint8Array()) ?? '',
    )
    for (const [inside, code] of [
      [json({ sessionKeySeed, cacao }), 'ERR_CAPABILITY_AUDIENCE'],
      ['garbage', 'ERR_SESSION_STRING'],
      // An encrypted string inside an encrypted string is refused.
      [text, 'ERR_SESSION_STRING'],
    ] as const) {
      const jwe = await encrypted({ text: inside })
      await expectCode(code, () => read(jwe))
    }
  })

  it('is required where a password is given: a plain string is refused', async () => {
    const error = await expectCode('ERR_SESSION_STRING', () => read(session.serialize()))
    expect(error.message).toContain('not encrypted')
  })
})

describe('an encrypted string is refused', () => {
  it.each(PARTS.flatMap((part) => [0, -1].map((at) => [part, at] as const)))(
    'if a bit of its %s is changed, at %i',
    async (part, at) => {
      await expectCode('ERR_SESSION_STRING', () => read(flipped(part, at)))
    },
  )

  it.each(PARTS)('if its %s is cut off, empty, padded or not base64url', async (part) => {
    for (const change of [
      (was: string) => was.slice(0, -4),
      () => '',
      (was: string) => `${was}=`,
      (was: string) => `${was}!`,
      (was: string) => `\n${was}`,
    ]) {
      await expectCode('ERR_SESSION_STRING', () => read(withPart(part, change)))
    }
  })

  it('if a part is missing, repeated or replaced', async () => {
    const parts = text.split('.')
    const other = (await encrypted()).split('.')
    for (const [i, part] of parts.entries()) {
      const [before, after] = [parts.slice(0, i), parts.slice(i + 1)]
      for (const changed of [
        [...before, ...after],
        [...before, part, part, ...after],
        [...before, other[i], ...after],
      ]) {
        await expectCode('ERR_SESSION_STRING', () => read(changed.join('.')))
      }
    }
  })

  it.each(['.', '....', 'a.b.c.d.e', '\u{1F511}.', '..'])('if it is %j', async (garbage) => {
    await expectCode('ERR_SESSION_STRING', () => read(garbage))
    await expectCode('ERR_SESSION_STRING', () => DIDSession.fromSession(garbage))
  })

  it('if it was encrypted by another algorithm, even with the right password', async () => {
    await read(text)
    const direct = crypto.getRandomValues(new Uint8Array(32))
    for (const jwe of [
      await encrypted({ header: { alg: 'PBES2-HS256+A128KW' } }),
      await encrypted({ header: { enc: 'A128GCM' } }),
      await encrypted({ header: { enc: 'A256CBC-HS512' } }),
      await encrypted({ header: { alg: 'dir' }, key: direct }),
    ]) {
      await expectCode('ERR_SESSION_STRING', () => read(jwe))
    }
  })

  it.each([
    ['kid', 'key-1'],
    ['typ', 'JWE'],
    ['cty', 'JWT'],
    ['jku', 'https://evil.example/keys'],
  ])('if its header has %s', async (name, value) => {
    const jwe = await encrypted({ header: { [name]: value } })
    expect(headerOf(jwe)).toHaveProperty(name)
    await expectCode('ERR_SESSION_STRING', () => read(jwe))
  })

  it.each<[string, (header: Record<string, unknown>) => unknown]>([
    ['compression', (header) => ({ ...header, zip: 'DEF' })],
    ['a critical parameter', (header) => ({ ...header, crit: ['p2c'] })],
    ['no salt', ({ p2s: _, ...header }) => header],
    ['a salt that is no string', (header) => ({ ...header, p2s: 7 })],
    ['no rounds', ({ p2c: _, ...header }) => header],
    ['a string for the rounds', (header) => ({ ...header, p2c: '600000' })],
    ['half a round', (header) => ({ ...header, p2c: 0.5 })],
    ['negative rounds', (header) => ({ ...header, p2c: -1 })],
    ['no rounds at all', (header) => ({ ...header, p2c: 0 })],
    ['an unknown alg', (header) => ({ ...header, alg: 'none' })],
    ['an alg named like a member of Object', (header) => ({ ...header, alg: 'constructor' })],
    ['a list for a header', () => ['alg', 'enc', 'p2c', 'p2s']],
    ['null for a header', () => null],
    ['a text for a header', () => 'alg'],
  ])('with %s in its header', async (_, change) => {
    const header = withPart('header', () => json(change(headerOf(text))))
    await expectCode('ERR_SESSION_STRING', () => read(header))
  })
})

describe('an encrypted string that would cost much time', () => {
  const costsNothing = async (bomb: string): Promise<void> => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    await expectCode('ERR_SESSION_STRING', () => read(bomb))
    expect(derive).not.toHaveBeenCalled()
    derive.mockRestore()
  }

  it.each([1_000_001, 10 ** 9, 2 ** 31, 2 ** 53, 1e300])(
    'with %d PBKDF2 rounds is refused before any work is done',
    async (p2c) => {
      await costsNothing(withPart('header', () => json({ ...headerOf(text), p2c })))
    },
  )

  it('with a million rounds is read, which is the limit', async () => {
    const jwe = await encrypted({ p2c: 1_000_000 })
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    expect((await read(jwe)).keyDID).toBe(session.keyDID)
    expect(derive).toHaveBeenCalledOnce()
    derive.mockRestore()
  })

  it('through its length is refused before any work is done', async () => {
    await costsNothing(`${text}${'A'.repeat(5_000_000)}`)
    await costsNothing('.'.repeat(5_000_000))
  })

  it('is read if it is no longer than a session can be', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `https://a/${i}/${'x'.repeat(50)}`)
    const large = await DIDSession.authorize(auth, { resources: many })
    const jwe = await encrypted({ text: large.serialize() })
    expect((await read(jwe)).authorizations).toEqual(many)
  })
})
