import { p256 } from '@noble/curves/nist.js'
import { base58btc } from 'multiformats/bases/base58'

const P256_PREFIX = [0x80, 0x24]

/** Whether a hex signature over the text was made by the key of a did:key (P-256), verified with WebCrypto. */
export async function isSignedBy(keyDID: string, signature: string, text: string): Promise<boolean> {
  const bytes = base58btc.decode(keyDID.slice('did:key:'.length))
  if (P256_PREFIX.some((byte, i) => bytes[i] !== byte)) throw new Error(`no P-256 key: ${keyDID}`)
  const point = Uint8Array.from(p256.Point.fromBytes(bytes.subarray(2)).toBytes(false))
  const key = await crypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'verify',
  ])
  return crypto.subtle.verify(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    Buffer.from(signature, 'hex'),
    Buffer.from(text),
  )
}
