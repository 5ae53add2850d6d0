import { ed25519 } from '@noble/curves/ed25519.js'
import { concat } from '../../src/base/bytes.js'
import { toBase58 } from '../../src/key/session-key.js'

const { Point } = ed25519
const P = 2n ** 255n - 19n
const ORDER = Point.Fn.ORDER

/** The eight points whose eightfold is zero, from any point that is not of the prime order alone. */
function smallOrderPoints(): (typeof Point.BASE)[] {
  for (let y = 2n; ; y++) {
    const point = pointAt(y)
    // The remainder without the part of prime order.
    const small = point?.multiplyUnsafe(ORDER - 1n).add(point)
    if (!small) continue
    const points = [Point.ZERO]
    for (let next = small; !next.equals(Point.ZERO); next = next.add(small)) points.push(next)
    if (points.length === 8) return points
  }
}

function pointAt(y: bigint): typeof Point.BASE | undefined {
  try {
    return Point.fromBytes(littleEndian(y, 0))
  } catch {
    return undefined
  }
}

function littleEndian(y: bigint, sign: number): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => Number((y >> BigInt(8 * i)) & 255n))
  bytes[31] = (bytes[31] ?? 0) | (sign << 7)
  return bytes
}

/** Every encoding of a point of small order: with y or y + p, and both signs. Some are canonical for no point. */
export const SMALL_ORDER_KEYS: readonly Uint8Array<ArrayBuffer>[] = [
  ...new Set(smallOrderPoints().map((point) => point.toAffine().y)),
].flatMap((y) =>
  [y, y + P]
    .filter((written) => written < 2n ** 255n)
    .flatMap((written) => [0, 1].map((sign) => littleEndian(written, sign))),
)

/** Every y that isn't below the field's prime, with both signs. */
export const NON_CANONICAL_KEYS: readonly Uint8Array<ArrayBuffer>[] = Array.from(
  { length: 19 },
  (_, i) => P + BigInt(i),
).flatMap((y) => [littleEndian(y, 0), littleEndian(y, 1)])

/** The did:key of any bytes. */
export const didOf = (bytes: Uint8Array): string =>
  `did:key:z${toBase58(concat(Uint8Array.of(0xed, 1), bytes))}`

/** A key for which anyone can forge signatures: zero, and its signature that fits every text, with R and S zero. */
export const FORGEABLE_KEY: Uint8Array<ArrayBuffer> = littleEndian(1n, 0)
export const FORGED_SIGNATURE: Uint8Array<ArrayBuffer> = concat(FORGEABLE_KEY, new Uint8Array(32))
