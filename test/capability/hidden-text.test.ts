import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/hex.js'
import { codePointName, hiddenCharacter, withoutHidden } from '../../src/base/hidden-characters.js'
import { authError } from '../../src/capability/auth-method.js'
import { parseCacao, parsePayload } from '../../src/capability/parse-cacao.js'
import { toRecap } from '../../src/capability/recap.js'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { eip191Sign } from '../../src/wallet/ethereum/secp256k1.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { payload } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { KEY_A } from '../setup/wallet.js'

const range = (from: number, to = from): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
/** Grouped by their function, as in Unicode's charts. */
const HIDDEN: readonly (readonly [string, readonly number[]])[] = [
  [
    'that change the direction of text',
    [...range(0x202a, 0x202e), ...range(0x2066, 0x2069), 0x200e, 0x200f, 0x061c],
  ],
  ['without width', [0x200b, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xfeff, 0x00ad, 0x034f]],
  ['that take space but show nothing', [0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0, 0x1d159]],
  ['of Mongolian', range(0x180b, 0x180e)],
  [
    'of shorthand, musical notation and interlinear annotation',
    [...range(0x1bca0, 0x1bca3), ...range(0x1d173, 0x1d17a), ...range(0xfff9, 0xfffb)],
  ],
  ['of tags', [0xe0001, ...range(0xe0020, 0xe007f)]],
  ['that are deprecated', range(0x206a, 0x206f)],
  ['that break lines', [0x2028, 0x2029, 0x0085, 0x0a, 0x0d, 0x0b]],
  ['that are control characters', [0, 7, 0x1b, 0x7f, 0x9b]],
  ['that are surrogate halves', [0xd800, 0xdfff]],
  ['that are noncharacters', [0xfffe, 0xffff]],
  ['that are placeholders for objects', [0xfffc]],
]
const CASES = HIDDEN.flatMap(([what, codes]) =>
  codes.map((code) => [codePointName(String.fromCodePoint(code)), what, code] as const),
)

/** Texts that people write in their languages. */
const LEGITIMATE = [
  'Sign in.',
  'Grüße an alle – «Bienvenue» à l’été',
  'می‌خواهم وارد شوم',
  'कक्षा में प्रवेश करें, क्‍ष और क्‌ष',
  'ශ්‍රී ලංකා',
  '登录 葛󠄀飾区 한국어 日本語　全角',
  'שלום עולם',
  'ยินดีต้อนรับ',
  '👩‍💻 ❤️ ❤️‍🔥 👍🏽 🏳️‍🌈 1️⃣ ©️ 👨🏽‍🚀',
  'e\u0301 a\u00a0b ﬁ 𝒳',
]

describe('an invisible character', () => {
  it.each(CASES)(
    '%s, %s, is refused in a statement, both before signing and when verifying',
    async (name, _, code) => {
      const character = String.fromCodePoint(code)
      for (const [statement, position] of [
        [`Pay 1${character}00`, 6],
        [`${character}Pay`, 1],
        [`🦀é${character}`, 3],
      ] as const) {
        const { message } = await expectCode('ERR_CAPABILITY_INVALID', () =>
          parsePayload(payload({ statement })),
        )
        expect(message).toContain(`p.statement`)
        expect(message).toContain(`${name} at position ${position}`)
        // The error must not contain the character itself, because errors are shown to people too.
        expect(hiddenCharacter(message)).toBeUndefined()
      }
    },
  )

  it.each(CASES)('%s, %s, is refused in a domain, resource or ability', async (name, _, code) => {
    const character = String.fromCodePoint(code)
    for (const [member, changes] of [
      ['p.domain', { domain: `exam${character}ple.com` }],
      ['p.resources[0]', { resources: [`a:b${character}`] }],
      ['p.aud', { aud: `did:key:z${character}6` }],
      ['p.requestId', { requestId: `r${character}` }],
    ] as const) {
      const { message } = await expectCode('ERR_CAPABILITY_INVALID', () => parsePayload(payload(changes)))
      expect(message).toContain(member)
      expect(message).toContain(name)
    }
    expect(() => toRecap({ 'a:b': { [`notes/re${character}ad`]: [{}] } })).toThrow(TypeError)
    expect(() => toRecap({ [`a:b${character}`]: { 'notes/read': [{}] } })).toThrow(TypeError)
  })
})

describe('joiners and variation selectors', () => {
  it.each(LEGITIMATE)('are accepted in statements that need them: %s', (statement) => {
    expect(hiddenCharacter(statement)).toBeUndefined()
    expect(parsePayload(payload({ statement })).statement).toBe(statement)
    expect(withoutHidden(statement, () => '')).toBe(statement)
  })

  it.each([
    ['a joiner between Latin letters', 'pay\u200dpal', 4],
    ['a non-joiner between Latin letters', 'pay\u200cpal', 4],
    ['a joiner between Cyrillic letters', 'платёж\u200dи', 7],
    ['a joiner after an accent', 'e\u0301\u200dx', 3],
    ['at the end', 'می\u200c', 3],
    ['at the beginning', '\u200dمی', 1],
    ['before a space', 'می\u200c خ', 3],
    ['doubled', 'می\u200c\u200cخ', 3],
    ['a selector behind a letter', 'pay\ufe0f', 4],
    ['a selector after a digit that is no keycap', '100\ufe0f', 4],
    ['a selector at the beginning', '\ufe0f1', 1],
    ['two selectors', '❤\ufe0f\ufe0f', 3],
    ['a selector for Chinese behind a letter', 'a\u{e0100}', 2],
  ])('are refused where they have no effect: %s', async (_, statement, position) => {
    expect(hiddenCharacter(statement)?.position).toBe(position)
    await expectCode('ERR_CAPABILITY_INVALID', () => parsePayload(payload({ statement })))
  })

  it('are checked in linear time', () => {
    // A backtracking pattern would take almost forever.
    for (const part of ['می\u200c', '\u200d', '👩\u200d', '1\ufe0f', '\u202e'])
      expect(hiddenCharacter(part.repeat(100_000))?.position ?? 0).toBeGreaterThanOrEqual(0)
  })
})

describe('a foreign capability with an invisible character', () => {
  const p = payload({ statement: 'Read your notes\u202e.etirw dna' })
  const cacao = {
    h: { t: 'eip4361' },
    p,
    s: { t: 'eip191', s: eip191Sign(renderEthereumMessage(p), fromHex(KEY_A.slice(2)) ?? new Uint8Array()) },
  }

  it('is refused, even if it is correctly signed', async () => {
    await expectCode('ERR_CAPABILITY_INVALID', () => parseCacao(cacao))
    await expectCode('ERR_CAPABILITY_INVALID', () => verifyCacao(cacao, { verifiers: ethereumVerifiers() }))
    const { problems } = await inspectCacao(cacao, { verifiers: ethereumVerifiers() })
    expect(problems.map(({ code }) => code)).toEqual(['ERR_CAPABILITY_INVALID'])
  })

  it('is never sent to a wallet', async () => {
    const wallet = testWallet()
    const auth = ethereumAuth(wallet.provider, undefined, { domain: 'app.example.com' })
    for (const statement of ['Pay 1\u200b00', '\u202eabc', 'a\nb'])
      await expectCode('ERR_CAPABILITY_INVALID', () =>
        DIDSession.authorize(auth, { resources: ['a:b'], statement }),
      )
    expect(wallet.prompts).toBe(0)
  })
})

describe('the error message of a wallet', () => {
  it('is shown without invisible characters, on one line', () => {
    const { code, message } = authError(new Error('No \u202efunds\u200b\n\u001b[2Jhere'))
    expect(code).toBe('ERR_AUTH_FAILED')
    expect(message).toBe('the wallet failed: No  funds   [2Jhere')
  })
})
