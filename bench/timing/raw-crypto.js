const P256 = { name: 'ECDSA', namedCurve: 'P-256' }
const P256_SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }
const ED25519 = { name: 'Ed25519' }

/** WebCrypto alone: what no library over it can be faster than. */
export async function rawCrypto(bytes) {
  const { subtle } = crypto
  const p256 = await subtle.generateKey(P256, false, ['sign', 'verify'])
  const p256Signature = await subtle.sign(P256_SIGNATURE, p256.privateKey, bytes)
  const ed25519 = await subtle.generateKey(ED25519, false, ['sign', 'verify'])
  const ed25519Signature = await subtle.sign(ED25519, ed25519.privateKey, bytes)
  return {
    signP256: () => subtle.sign(P256_SIGNATURE, p256.privateKey, bytes),
    verifyP256: () => subtle.verify(P256_SIGNATURE, p256.publicKey, p256Signature, bytes),
    generateP256: () => subtle.generateKey(P256, false, ['sign', 'verify']),
    signEd25519: () => subtle.sign(ED25519, ed25519.privateKey, bytes),
    verifyEd25519: () => subtle.verify(ED25519, ed25519.publicKey, ed25519Signature, bytes),
  }
}
