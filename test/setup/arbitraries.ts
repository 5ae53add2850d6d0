import fc, { type Arbitrary } from 'fast-check'
import { hiddenCharacter } from '../../src/base/hidden-characters.js'
import type { CacaoPayload } from '../../src/capability/cacao.js'
import { alphanumeric, authority, hexText, segment, textOf, uri } from './uri-arbitraries.js'

/** Text that ERC-4361 allows in a statement. */
const ASCII = "abc XYZ 019-._~:/?#[]@!$&'()*+,;="
/** Lines with a meaning elsewhere in the text. */
const LOOKS_LIKE_A_FIELD = [
  'URI: https://example.com',
  'Version: 1',
  'Chain ID: 1',
  'Nonce: abcdefgh',
  'Issued At: 2024-06-01T12:00:00Z',
  'Resources:',
  '- https://example.com',
  'example.com wants you to sign in with your Ethereum account:',
  ' ',
]
const NOT_ASCII = [...'äßÑжשلह中同意한🦀é\u00A0\uFFFD\uE000𝒳ﬁ；：ＵＲＩ', '👩‍👩‍👧', '❤️‍🔥', 'می‌خواهم', 'क्‍ष']

export const asciiStatement = fc.oneof(
  { weight: 6, arbitrary: textOf(ASCII, 0, 40) },
  { weight: 1, arbitrary: fc.constantFrom(...LOOKS_LIKE_A_FIELD) },
)
const scalar = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 1 })
  .filter((text) => /^[^\p{ASCII}\p{Cc}\p{Zl}\p{Zp}\p{Cs}]$/u.test(text))
/** With at least one character beyond ASCII: of any script, emoji, marks, private and unassigned ones; no invisible ones. */
export const foreignStatement = fc
  .tuple(
    textOf(ASCII, 0, 10),
    fc.oneof(fc.constantFrom(...NOT_ASCII), scalar),
    fc.string({
      unit: fc.oneof(fc.constantFrom(...ASCII), fc.constantFrom(...NOT_ASCII), scalar),
      maxLength: 20,
    }),
  )
  .map((parts) => parts.join(''))
  .filter((text) => hiddenCharacter(text) === undefined)

const twoDigits = (from: number, to: number): Arbitrary<string> =>
  fc.integer({ min: from, max: to }).map((value) => String(value).padStart(2, '0'))
const year = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1990, max: 2100 }) },
  fc.integer({ min: 0, max: 9999 }),
)
const date = fc
  .tuple(year, fc.integer({ min: 1, max: 12 }), fc.nat(30))
  .map(([y, month, day]) => {
    const days = [31, y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0) ? 29 : 28, 31, 30, 31, 30]
    const length = [...days, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
    return [String(y).padStart(4, '0'), month, (day % length) + 1]
  })
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join('-'))
const time = fc.tuple(twoDigits(0, 23), twoDigits(0, 59), twoDigits(0, 59)).map((parts) => parts.join(':'))
const fraction = fc.oneof(
  fc.constant(''),
  textOf('0123456789', 1, 12).map((digits) => `.${digits}`),
)
const zone = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('Z', 'z') },
  fc
    .tuple(fc.constantFrom('+', '-'), twoDigits(0, 23), twoDigits(0, 59))
    .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
)
/** Any RFC 3339 date-time except a leap second: fractions, offsets, t and z in lower case. */
const dateTime = fc
  .tuple(date, fc.constantFrom('T', 't'), time, fraction, zone)
  .map((parts) => parts.join(''))

const chainId = fc.oneof(
  fc.constantFrom('0', '1', '137'),
  fc.tuple(textOf('123456789', 1, 1), textOf('0123456789', 0, 31)).map((parts) => parts.join('')),
)
const address = hexText(40).map((digits) => `0x${digits}`)
/** An Ethereum account's DID, its address in letters of either case. */
const issuer = fc.tuple(chainId, address).map((parts) => `did:pkh:eip155:${parts.join(':')}`)

const members = {
  domain: authority,
  iss: issuer,
  aud: uri,
  version: fc.constant('1'),
  nonce: fc.oneof(alphanumeric(8, 24), alphanumeric(8, 96)),
  iat: dateTime,
  nbf: dateTime,
  exp: dateTime,
  statement: fc.oneof(asciiStatement, foreignStatement),
  requestId: segment,
  resources: fc.array(uri, { maxLength: 5 }),
} satisfies { [K in keyof CacaoPayload]-?: Arbitrary<NonNullable<CacaoPayload[K]>> }

type Members = { [K in keyof CacaoPayload]?: Arbitrary<NonNullable<CacaoPayload[K]>> }

/**
 * Payloads of Ethereum accounts that the guard accepts, each optional member present, absent or empty; the test may replace
 * some members.
 */
export function payloads(changes: Members = {}): Arbitrary<CacaoPayload> {
  return fc.record(
    { ...members, ...changes },
    { requiredKeys: ['domain', 'iss', 'aud', 'version', 'nonce', 'iat'] },
  )
}

/** The same with the address in lower case, as our own code writes it. */
export const lowerCasePayloads = payloads({ iss: issuer.map((did) => did.toLowerCase()) })
