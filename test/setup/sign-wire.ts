import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64 } from '../../src/base/multibase.js'
import { keyURL, SIGNATURE_LABEL, SIGNATURE_TAG, signedComponents } from '../../src/http/signature-profile.js'
import { headerOf, type WireRequest, withHeader } from './wire-request.js'

/** The parts of a session key that sign requests. */
export interface WireSigner {
  readonly did: string
  sign(data: Uint8Array): Promise<Uint8Array>
}

/** The parameters of a signature, each item as text. */
export interface SignatureInput {
  readonly label: string
  readonly components: readonly string[]
  readonly parameters: readonly string[]
}

/** The text of a `Signature-Input`. */
export const inputText = ({ label, components, parameters }: SignatureInput): string =>
  `${label}=${innerList(components, parameters)}`

const innerList = (components: readonly string[], parameters: readonly string[]): string =>
  `(${components.join(' ')})${parameters.map((parameter) => `;${parameter}`).join('')}`

/** The name of a key's algorithm in RFC 9421. */
export const algorithmOf = ({ did }: WireSigner): string =>
  did.startsWith('did:key:z6Mk') ? 'ed25519' : 'ecdsa-p256-sha256'

/** Signs a request as RFC 9421 says, without a library, with any parameters. */
export async function signWire(
  wire: WireRequest,
  said: SignatureInput,
  signer: WireSigner,
): Promise<WireRequest> {
  const query = wire.target.indexOf('?')
  const derived: Readonly<Record<string, string>> = {
    '@method': wire.method,
    '@authority': wire.host,
    '@path': query < 0 ? wire.target : wire.target.slice(0, query),
    '@query': query < 0 ? '?' : wire.target.slice(query),
  }
  const lines = said.components.map((component) => {
    const name = component.slice(1, component.lastIndexOf('"'))
    return `${component}: ${derived[name] ?? headerOf(wire, name)}`
  })
  const base = [...lines, `"@signature-params": ${innerList(said.components, said.parameters)}`].join('\n')
  const signature = `${said.label}=:${toBase64(await signer.sign(utf8(base)))}:`
  return withHeader(withHeader(wire, 'signature-input', inputText(said)), 'signature', signature)
}

/** The parameters in the profile of sessions. */
export function profileInput(
  signer: WireSigner,
  hasBody: boolean,
  created: number,
  nonce: string,
): SignatureInput {
  return {
    label: SIGNATURE_LABEL,
    components: signedComponents(hasBody).map((name) => `"${name}"`),
    parameters: [
      `created=${created}`,
      `expires=${created + 60}`,
      `nonce="${nonce}"`,
      `keyid="${keyURL(signer.did)}"`,
      `alg="${algorithmOf(signer)}"`,
      `tag="${SIGNATURE_TAG}"`,
    ],
  }
}

/** The `Content-Digest` of a body. */
export const digestOf = (body: Uint8Array): string => `sha-256=:${toBase64(sha256(body))}:`
