import fc, { type Arbitrary } from 'fast-check'

// The grammar of RFC 3986, explored widely: what isURI and isAuthority accept.

const DIGITS = '0123456789'
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const HEX = `${DIGITS}abcdefABCDEF`

/** A string of the given length, with characters of the set. */
export function textOf(set: string, minLength: number, maxLength: number): Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...set), minLength, maxLength })
}

export const hexText = (length: number): Arbitrary<string> => textOf(HEX, length, length)
export const alphanumeric = (minLength: number, maxLength: number): Arbitrary<string> =>
  textOf(DIGITS + LETTERS, minLength, maxLength)

const encoded = hexText(2).map((digits) => `%${digits}`)
const character = (extra: string): Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...DIGITS, ...LETTERS) },
    { weight: 3, arbitrary: fc.constantFrom(..."-._~!$&'()*+,;=", ...extra) },
    { weight: 1, arbitrary: encoded },
  )
const run = (extra: string, minLength: number, maxLength: number): Arbitrary<string> =>
  fc.string({ unit: character(extra), minLength, maxLength })

/** The characters of a path segment, and so of a request id. */
export const segment = run(':@', 0, 8)

const optional = (text: Arbitrary<string>): Arbitrary<string> => fc.oneof(fc.constant(''), text)

const label = alphanumeric(1, 8)
export const hostName = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 3 }), textOf(LETTERS, 2, 5))
  .map((labels) => labels.flat().join('.'))
const octet = fc.oneof(
  fc.nat(255).map(String),
  fc.nat(99).map((value) => String(value).padStart(3, '0')),
)
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const group = textOf(HEX, 1, 4)
const groups = (minLength: number, maxLength: number = minLength): Arbitrary<string[]> =>
  fc.array(group, { minLength, maxLength })
const ipv6 = fc.oneof(
  groups(8).map((all) => all.join(':')),
  fc.tuple(groups(6), ipv4).map((all) => all.flat().join(':')),
  fc.tuple(groups(0, 4), groups(0, 3)).map((halves) => halves.map((half) => half.join(':')).join('::')),
  fc.tuple(groups(0, 3), groups(0, 2), ipv4).map(([a, b, c]) => `${a.join(':')}::${[...b, c].join(':')}`),
)
const ipFuture = fc.tuple(textOf(HEX, 1, 3), run(':', 1, 6)).map((parts) => `v${parts.join('.')}`)
const literal = fc
  .oneof(
    ipv6,
    ipFuture.filter((text) => !text.includes('%')),
  )
  .map((text) => `[${text}]`)
const host = fc.oneof({ weight: 3, arbitrary: hostName }, ipv4, literal, run('', 1, 12))
const port = fc.oneof(
  fc.constant(''),
  fc.nat(65_535).map((value) => `:${value}`),
  textOf(DIGITS, 0, 7).map((digits) => `:${digits}`),
)
const userinfo = optional(run(':', 0, 8).map((text) => `${text}@`))

/** An authority with a host: with or without user information and port, by name or address. */
export const authority = fc.tuple(userinfo, host, port).map((parts) => parts.join(''))

const scheme = fc
  .tuple(fc.constantFrom(...LETTERS), textOf(`${DIGITS}${LETTERS}+.-`, 0, 6))
  .map((parts) => parts.join(''))
const rest = fc.tuple(
  optional(run(':@/?', 0, 10).map((query) => `?${query}`)),
  optional(run(':@/?', 0, 10).map((fragment) => `#${fragment}`)),
)
const absolute = fc.array(segment, { maxLength: 4 }).map((all) => all.map((part) => `/${part}`).join(''))
const path = fc.oneof(
  absolute.filter((text) => !text.startsWith('//')),
  run(':@', 1, 12),
  fc.tuple(run(':@', 1, 6), absolute).map((parts) => parts.join('')),
)
const hierarchy = fc.oneof(
  fc.tuple(fc.constant('//'), optional(authority), absolute).map((parts) => parts.join('')),
  path,
)

/** A URI of any shape. */
export const uri = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(scheme, hierarchy, rest).map(([a, b, c]) => `${a}:${b}${c.join('')}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'ceramic://*',
      'ceramic://kjzl6hvfrbw6c7?model=kh4q0ozorrgaq2',
      'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3',
      'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
      'https://api.example.com/notes/*',
      'file:///etc/hosts',
      'mailto:a@b.example',
      'a:',
    ),
  },
)
