import { fromHex } from '../../src/base/hex.js'

/** A file of Wycheproof: groups of cases that share a public key. */
export interface Wycheproof<Key> {
  readonly numberOfTests: number
  readonly testGroups: ReadonlyArray<{
    readonly publicKey: Key
    readonly tests: ReadonlyArray<{
      readonly tcId: number
      readonly comment: string
      readonly flags: readonly string[]
      readonly msg: string
      readonly sig: string
      readonly result: string
    }>
  }>
}

/** The public key of a group of ECDSA cases. */
export interface ECPublicKey {
  /** 65 bytes in hex. */
  readonly uncompressed: string
}

/** One signature, valid or invalid, of a key over a message. */
export interface WycheproofCase<Key> {
  readonly title: string
  readonly tcId: number
  readonly publicKey: Key
  readonly message: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
  readonly valid: boolean
}

/** Every case of a file. The files in shared/ have no third result; one that did would need a decision. */
export function casesOf<Key>({ testGroups }: Wycheproof<Key>): WycheproofCase<Key>[] {
  return testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ tcId, comment, flags, msg, sig, result }) => {
      if (result !== 'valid' && result !== 'invalid') throw new Error(`case ${tcId} is ${result}`)
      return {
        title: `${tcId}, ${result}: ${comment || flags.join(', ')}`,
        tcId,
        publicKey,
        message: bytesOf(msg),
        signature: bytesOf(sig),
        valid: result === 'valid',
      }
    }),
  )
}

/** The bytes of a hex string, which must be valid. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex)
  if (!bytes) throw new Error(`not hex: ${hex}`)
  return bytes
}

/** The 33 bytes of a point's 65 (SEC 1, 2.3.3): whether y is odd, and x. */
export function compressed(uncompressed: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(2 + ((uncompressed[64] ?? 0) & 1), ...uncompressed.subarray(1, 33))
}
