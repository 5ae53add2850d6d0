import { blake2b } from '@noble/hashes/blake2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import nacl from 'tweetnacl'
import { concat } from '../../src/base/bytes.js'
import { fromHex } from '../../src/base/hex.js'
import { toBase58 } from '../../src/key/session-key.js'

// The prefixes of an Ed25519 address, public key and signature, in base58 with a checksum.
const [TZ1, EDPK, EDSIG] = [
  Uint8Array.of(6, 161, 159),
  Uint8Array.of(13, 15, 37, 217),
  Uint8Array.of(9, 245, 205, 134, 18),
]

const checked = (prefix: Uint8Array, bytes: Uint8Array): string => {
  const all = concat(prefix, bytes)
  return toBase58(concat(all, sha256(sha256(all)).slice(0, 4)))
}

/** A Tezos wallet as @didtools/pkh-tezos expects it: it signs Micheline payloads. */
export function tezosWallet(seed: number): { address: string; provider: object } {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(seed))
  return {
    address: checked(TZ1, blake2b(publicKey, { dkLen: 20 })),
    provider: {
      getActiveAccount: async () => ({ network: { type: 'mainnet' }, publicKey: checked(EDPK, publicKey) }),
      requestSignPayload: async ({ payload }: { payload: string }) => {
        const hash = blake2b(fromHex(payload) ?? new Uint8Array(), { dkLen: 32 })
        return { signature: checked(EDSIG, nacl.sign.detached(hash, secretKey)) }
      },
    },
  }
}
