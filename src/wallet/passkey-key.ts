import { concat } from '../base/bytes.js'
import { fromHex } from '../base/hex.js'
import { encodeDIDKey } from '../key/did-key.js'
import { decompressP256 } from '../key/p256-point.js'

// What stands before the point (04 x y) in the SubjectPublicKeyInfo of a P-256 key (RFC 5480).
const SPKI_HEAD = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004') ?? new Uint8Array()
// And around x and y in its COSE_Key: kty EC2, alg ES256, crv P-256, in CTAP2's canonical CBOR.
const COSE_HEAD = fromHex('a5010203262001215820') ?? new Uint8Array()
const COSE_BETWEEN = fromHex('225820') ?? new Uint8Array()
const COORDINATE_BYTES = 32

/** The account of a P-256 key in a SubjectPublicKeyInfo, as browsers give it; `undefined` for anything else. */
export function accountOfSPKI(spki: Uint8Array): string | undefined {
  const start = SPKI_HEAD.length
  if (indexOf(spki, SPKI_HEAD) !== 0 || spki.length !== start + 2 * COORDINATE_BYTES) return undefined
  return accountOf(spki.subarray(start, start + COORDINATE_BYTES), spki.subarray(start + COORDINATE_BYTES))
}

/**
 * The account of the P-256 key in an attestation object, for browsers and extensions that don't take it out; `undefined` if
 * there is none.
 */
export function accountOfAttestation(attestationObject: Uint8Array): string | undefined {
  const start = indexOf(attestationObject, COSE_HEAD)
  if (start < 0) return undefined
  const key = attestationObject.subarray(start + COSE_HEAD.length)
  const isKey = indexOf(key.subarray(COORDINATE_BYTES), COSE_BETWEEN) === 0
  const from = COORDINATE_BYTES + COSE_BETWEEN.length
  return isKey
    ? accountOf(key.subarray(0, COORDINATE_BYTES), key.subarray(from, from + COORDINATE_BYTES))
    : undefined
}

function accountOf(x: Uint8Array, y: Uint8Array): string | undefined {
  const bytes = concat(Uint8Array.of(2 + ((y.at(-1) ?? 0) & 1)), x)
  const point = decompressP256(bytes)
  const isSame =
    y.length === COORDINATE_BYTES && point && indexOf(point.subarray(1 + COORDINATE_BYTES), y) === 0
  return isSame ? encodeDIDKey({ type: 'P-256', bytes }) : undefined
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= bytes.length; at++)
    if (part.every((byte, i) => byte === bytes[at + i])) return at
  return -1
}
