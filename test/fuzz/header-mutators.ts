import { utf8 } from '../../src/base/bytes.js'
import { digestOf } from '../setup/sign-wire.js'
import { headerOf, type WireRequest, withHeader } from '../setup/wire-request.js'
import type { GenuineRequest, RequestMutation } from './genuine-requests.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'

type Header = readonly [name: string, value: string]

const SIGNED = ['authorization', 'signature', 'signature-input', 'content-digest', 'content-type'] as const

// The length of a run of white space that is cheap to send, and that a careless pattern takes long to match.
const padded = (text: string, random: Random): string => {
  const i = random.below(text.length)
  const space = random
    .pick([' ', '\t', ' \t', '\r\n ', '\u00a0'])
    .repeat(random.pick([1, 1, 1, 100, 15_000, 15_000]))
  return random.pick([space + text, text + space, text.slice(0, i) + space + text.slice(i)])
}

type HeaderMutation = (header: Header, random: Random, other: GenuineRequest) => Header[]

const HEADERS: readonly HeaderMutation[] = [
  () => [],
  (header) => [header, header],
  (header, _, other) => [header, [header[0], headerOf(other, header[0].toLowerCase())]],
  (header, _, other) => [[header[0], headerOf(other, header[0].toLowerCase())], header],
  ([name, value]) => [
    [name, value],
    [name, ''],
  ],
  ([name, value], random) => [[random.pick([name.toLowerCase(), name.toUpperCase()]), value]],
  ([name, value], random) => [[mutateText(name, random), value]],
  ([name, value]) => [[`X-${name}`, value]],
  ([name, value], random) => [[name, padded(value, random)]],
  ([name, value], random) => {
    const i = random.below(value.length)
    return [
      [name, value.slice(0, i)],
      [name, value.slice(i)],
    ]
  },
  ([name, value], random, other) => [[name, headerOf(other, random.pick(SIGNED)) || value]],
  ([name, value], random) => [
    [name, value + random.pick(['é', '\u0000', '\u007f', ',', ';', ' ,', ', x=1', '\n'])],
  ],
  ...Array<HeaderMutation>(6).fill(([name, value], random, other) => [
    [name, mutateText(value, random, headerOf(other, name.toLowerCase()))],
  ]),
]

/** One relevant header, removed, repeated, renamed, padded, split or changed as text. */
export const changeHeader: RequestMutation = (request, random, other) => {
  const name = random.pick(SIGNED)
  const headers = request.headers.flatMap((header) =>
    header[0].toLowerCase() === name ? random.pick(HEADERS)(header, random, other) : [header],
  )
  return { ...request, headers }
}

const STRAY: readonly Header[] = [
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-Host', 'evil.example'],
  ['Forwarded', 'host=evil.example;proto=http'],
  ['X-Original-URL', '/admin'],
  ['Content-Type', 'application/x-www-form-urlencoded'],
  ['Content-Encoding', 'gzip'],
  ['Content-Length', '0'],
  ['Content-Length', '5'],
  ['Repr-Digest', digestOf(utf8(''))],
  ['Content-Digest', digestOf(utf8(''))],
  ['Content-Digest', ''],
  ['Signature-Input', 'sig1=("@method");created=1'],
  ['Signature', 'sig1=:AAAA:'],
  ['Authorization', 'Bearer x'],
  ['Host', 'evil.example'],
  ['Trailer', 'Signature'],
]

/** Headers in another order, or with one more that a server might read. */
export const changeHeaders: RequestMutation = (request, random) => {
  const headers = [...request.headers, ...(random.oneIn(3) ? [] : [random.pick(STRAY)])]
  return { ...request, headers: random.shuffled(headers) }
}

/** Two or more of the relevant headers, or all of them, taken from another request. */
export const swapHeaders: RequestMutation = (request, random, other) => {
  let swapped: WireRequest = request
  for (const name of random.oneIn(6) ? SIGNED : SIGNED.filter(() => random.oneIn(2)))
    swapped = withHeader(swapped, name, headerOf(other, name))
  return swapped
}

const changedBytes = (body: Uint8Array, random: Random): Uint8Array<ArrayBuffer> => {
  const changed = Uint8Array.from(body.length > 0 ? body : [0])
  const i = random.below(changed.length)
  changed[i] = (changed[i] ?? 0) ^ (1 << random.below(8))
  return changed
}

/** The same bytes with another type, or with two. */
export const changeType: RequestMutation = (request, random) => {
  const type = headerOf(request, 'content-type')
  const others = ['text/html', `${type}; charset=utf-7`, `${type}, text/html`, type.toUpperCase(), '']
  return withHeader(request, 'content-type', random.pick(others))
}

/** Another body, with the old digest or its own. */
export const changeBody: RequestMutation = (request, random, other) => {
  const text = new TextDecoder().decode(request.body)
  const body = random.pick([
    changedBytes(request.body, random),
    Uint8Array.from([...request.body, ...random.bytes(1 + random.below(3))]),
    request.body.slice(0, random.below(request.body.length)),
    request.body.slice(random.below(request.body.length)),
    Uint8Array.from([...request.body, ...request.body]),
    other.body,
    new Uint8Array(),
    utf8(mutateText(text, random).slice(0, 10_000)),
    utf8(text.replace(/[:,]/g, '$& ')),
  ])
  return random.oneIn(3)
    ? withHeader({ ...request, body }, 'content-digest', digestOf(body))
    : { ...request, body }
}

const DIGESTS: readonly ((digest: string, other: string) => string)[] = [
  (digest, other) => `${digest}, ${other}`,
  (digest) => `${digest}, ${digest}`,
  (digest) => `${digest}, sha-512=:AAAA:`,
  (digest) => `sha-512=:AAAA:, ${digest}`,
  (digest) => `${digest};a=1`,
  (digest) => digest.replace('sha-256', 'SHA-256'),
  (digest) => digest.replace('sha-256', 'sha-512'),
  (digest) => digest.replace('sha-256', 'id-sha-256'),
  (digest) => digest.replaceAll(':', ''),
  (digest) => digest.replace(/^sha-256=:|:$/g, '"'),
  (digest) => digest.replace('=:', ':'),
]

/** A digest of another algorithm, repeated or in another encoding. */
export const changeDigest: RequestMutation = (request, random, other) => {
  const digest = headerOf(request, 'content-digest') || digestOf(request.body)
  return withHeader(request, 'content-digest', random.pick(DIGESTS)(digest, digestOf(other.body)))
}
