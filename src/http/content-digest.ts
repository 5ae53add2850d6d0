import { fromBase64, toBase64 } from '../base/base64.js'
import { subtleCrypto } from '../key/subtle.js'

const FIELD = /^sha-256=:([A-Za-z0-9+/=]{44}):$/

/** The `Content-Digest` field of a body (RFC 9530), by SHA-256. */
export async function contentDigest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${toBase64(await sha256(body))}:`
}

/** Whether the field is the SHA-256 of the body, and nothing else. */
export async function isDigestOf(field: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const claimed = fromBase64(FIELD.exec(field)?.[1] ?? '')
  if (claimed?.length !== 32) return false
  const digest = await sha256(body)
  return digest.every((byte, i) => byte === claimed[i])
}

async function sha256(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await subtleCrypto().digest('SHA-256', body))
}
