import type { SessionErrorCode } from '../../src/base/errors.js'
import { digestOf } from '../setup/sign-wire.js'
import { headerOf, type WireRequest, withHeader } from '../setup/wire-request.js'

/** One change to a request; it may use a part of another session's request. */
type Change = (wire: WireRequest, another: WireRequest) => WireRequest

const change =
  (name: string, make: (value: string, another: string) => string): Change =>
  (wire, another) =>
    withHeader(wire, name, make(headerOf(wire, name), headerOf(another, name)))
const without =
  (name: string): Change =>
  (wire) => ({ ...wire, headers: wire.headers.filter(([known]) => known.toLowerCase() !== name) })
const doubled =
  (name: string, value?: string): Change =>
  (wire) => ({ ...wire, headers: [...wire.headers, [name, value ?? headerOf(wire, name)]] })
const long = 'x'.repeat(8000)
const spaces = ' '.repeat(8000)

const [UNSIGNED, SIGNATURE, INVALID] = [
  'ERR_REQUEST_UNSIGNED',
  'ERR_REQUEST_SIGNATURE',
  'ERR_CAPABILITY_INVALID',
] as const
/** The change to a signed request, and the code of its refusal. */
export const ATTACKS: readonly (readonly [string, SessionErrorCode, Change])[] = [
  ...(['authorization', 'signature', 'signature-input'] as const).map(
    (name) => [`no ${name}`, UNSIGNED, without(name)] as const,
  ),
  ['no content-digest', SIGNATURE, without('content-digest')],
  ['an empty authorization', UNSIGNED, change('authorization', () => '')],
  ['an empty signature', SIGNATURE, change('signature', () => '')],
  ['an empty signature-input', SIGNATURE, change('signature-input', () => '')],
  ['two authorizations', INVALID, doubled('authorization')],
  [
    'an authorization of another scheme',
    UNSIGNED,
    change('authorization', (value) => value.replace('CACAO', 'Bearer')),
  ],
  ['a second authorization of another scheme', INVALID, doubled('authorization', 'Basic YTpi')],
  ['two signatures', SIGNATURE, doubled('signature')],
  ['two signature-inputs', SIGNATURE, doubled('signature-input')],
  ['two content-digests', SIGNATURE, doubled('content-digest')],
  ["another's authorization", SIGNATURE, change('authorization', (_, another) => another)],
  ["another's signature", SIGNATURE, change('signature', (_, another) => another)],
  ["another's signature-input", SIGNATURE, change('signature-input', (_, another) => another)],
  ["another's content-digest", SIGNATURE, change('content-digest', () => digestOf(new Uint8Array(1)))],
  [
    'its parameters in another order',
    SIGNATURE,
    change('signature-input', (value) => value.replace(/;(created=\d+);(expires=\d+)/, ';$2;$1')),
  ],
  [
    'its components in another order',
    SIGNATURE,
    change('signature-input', (value) => value.replace('"@path" "@query"', '"@query" "@path"')),
  ],
  ['a parameter that comes twice', SIGNATURE, change('signature-input', (value) => `${value};created=1`)],
  ['a signature of 8 kB', SIGNATURE, change('signature', (value) => value + long)],
  ['a signature-input of 8 kB', SIGNATURE, change('signature-input', (value) => `${value};a="${long}"`)],
  ['a content-digest of 8 kB', SIGNATURE, change('content-digest', (value) => value + long)],
  ['a token with 8 kB added', SIGNATURE, change('authorization', (value) => value + long)],
  ['8 kB of spaces in its signature', SIGNATURE, change('signature', (value) => `${value}${spaces}x`)],
  [
    '8 kB of spaces in its signature-input',
    SIGNATURE,
    change('signature-input', (value) => `${value}${spaces}x`),
  ],
  [
    '8 kB of spaces in its content-digest',
    SIGNATURE,
    change('content-digest', (value) => `${value}${spaces}x`),
  ],
  ['8 kB of spaces in its authorization', INVALID, change('authorization', (value) => `${value}${spaces}x`)],
  ['a signature that is not ASCII', SIGNATURE, change('signature', (value) => `${value}, ü=:AAAA:`)],
  [
    'a signature-input that is not ASCII',
    SIGNATURE,
    change('signature-input', (value) => value.replace('nonce="', 'nonce="\u00c3\u00bc')),
  ],
  ['a content-digest that is not ASCII', SIGNATURE, change('content-digest', (value) => `${value}ü`)],
  ['a token that is not ASCII', INVALID, change('authorization', (value) => `${value}\u00ff`)],
  ['another method', SIGNATURE, (wire) => ({ ...wire, method: 'PUT' })],
]
