import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

/** A new Ethereum private key, in hex. */
export const generateKey = () => bytesToHex(secp256k1.utils.randomSecretKey())

/**
 * The key's address: the end of the hash of its public key.
 * @param {string} key
 */
export function addressOfKey(key) {
  const publicKey = secp256k1.getPublicKey(hexToBytes(key), false).subarray(1)
  return `0x${bytesToHex(keccak_256(publicKey).subarray(-20))}`
}

/**
 * Signs as `personal_sign` does (EIP-191): r, s and v.
 * @param {Uint8Array} message
 * @param {string} key
 */
export function signPersonal(message, key) {
  const prefix = utf8ToBytes(`\x19Ethereum Signed Message:\n${message.length}`)
  const hash = keccak_256(concatBytes(prefix, message))
  const [recovery = 0, ...rs] = secp256k1.sign(hash, hexToBytes(key), { prehash: false, format: 'recovered' })
  return `0x${bytesToHex(Uint8Array.from([...rs, 27 + recovery]))}`
}
