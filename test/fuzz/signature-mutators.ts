import { toHex } from '../../src/base/hex.js'
import { fromBase64, toBase64 } from '../../src/base/multibase.js'
import { headerOf, withHeader } from '../setup/wire-request.js'
import { respellBase64 } from './base64-spellings.js'
import { respellDictionary } from './dictionary-spellings.js'
import type { RequestMutation } from './genuine-requests.js'
import type { Random } from './random.js'

/** Both headers with one more signature, or with another label. */
export const changeLabels: RequestMutation = (request, random, other) => {
  const [input, signature] = [headerOf(request, 'signature-input'), headerOf(request, 'signature')]
  const label = random.pick(['sig1', 'cacao', 'a', 'zz'])
  const [otherInput, otherSignature] = ['signature-input', 'signature'].map((name) =>
    headerOf(other, name).replace('cacao', label),
  )
  const joined = random.pick([
    [`${input}, ${otherInput}`, `${signature}, ${otherSignature}`],
    [`${otherInput}, ${input}`, `${otherSignature}, ${signature}`],
    [`${otherInput}, ${input}`, `${signature}, ${otherSignature}`],
    [input.replace('cacao', label), signature.replace('cacao', label)],
    [`${input}, ${otherInput}`, signature],
    [input, `${signature}, ${otherSignature}`],
  ])
  return withHeader(withHeader(request, 'signature-input', joined[0] ?? ''), 'signature', joined[1] ?? '')
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x0${toHex(bytes)}`)
const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from(value.toString(16).padStart(64, '0').match(/../g) ?? [], (hex) => Number.parseInt(hex, 16))

// Signatures that a lenient verifier would accept: malleated ones, empty ones, other encodings.
const BYTES: readonly ((signature: Uint8Array, random: Random) => Uint8Array)[] = [
  (signature) =>
    Uint8Array.of(...signature.slice(0, 32), ...bytesOf(P256_ORDER - numberOf(signature.slice(32)))),
  (signature) => {
    const s = numberOf(signature.slice(32).reverse()) + ED25519_ORDER
    return Uint8Array.of(...signature.slice(0, 32), ...bytesOf(s % 2n ** 256n).reverse())
  },
  (signature) => Uint8Array.of(0x30, 0x44, 2, 32, ...signature.slice(0, 32), 2, 32, ...signature.slice(32)),
  (signature) => Uint8Array.of(...signature.slice(32), ...signature.slice(0, 32)),
  () => new Uint8Array(64),
  () => new Uint8Array(0),
  () => Uint8Array.of(...bytesOf(P256_ORDER), ...bytesOf(P256_ORDER)),
  (signature) => Uint8Array.of(...signature, 0),
  (signature) => signature.slice(0, 63),
  ...Array<(signature: Uint8Array, random: Random) => Uint8Array>(4).fill((signature, random) => {
    const changed = Uint8Array.from(signature)
    const i = random.below(64)
    changed[i] = (changed[i] ?? 0) ^ (1 << random.below(8))
    return changed
  }),
]

export const changeSignature: RequestMutation = (request, random, other) => {
  const whole = headerOf(request, 'signature')
  const base64 = whole.slice('cacao=:'.length, -1)
  const bytes = random.pick(BYTES)(fromBase64(base64) ?? new Uint8Array(), random)
  const spelt = random.pick([
    `cacao=:${toBase64(bytes)}:`,
    `cacao=:${toBase64(bytes)}:`,
    `cacao=:${respellBase64(base64, random)}:`,
    respellDictionary(whole, random, headerOf(other, 'signature')),
    `${whole};a=1`,
    `cacao="${base64}"`,
    `cacao=(:${base64}:)`,
  ])
  return withHeader(request, 'signature', spelt)
}
