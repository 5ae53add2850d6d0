import { decodeAAD } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import type { CacaoVerifier, Verifiers } from '../capability/verify-signature.js'

/**
 * Verifiers for every signature type of this library that needs no RPC server. The signature of a contract account is
 * refused with `ERR_CAPABILITY_UNSUPPORTED`.
 */
export async function offlineVerifiers(): Promise<Verifiers> {
  const [{ ethereumVerifiers }, { solanaVerifiers }, { keyVerifiers }] = await Promise.all([
    import('../wallet/ethereum/verifiers.js'),
    import('../wallet/solana/index.js'),
    import('../wallet/key/index.js'),
  ])
  return { ...ethereumVerifiers(), ...solanaVerifiers(), ...keyVerifiers(), 'webauthn:p256': verifyPasskey }
}

// did-session has no option for the origins on which passkeys sign, and the auth method of the did-session family leaves
// the port out of the domain. So the origin is accepted as it is. The passkey must have signed this capability.
const verifyPasskey: CacaoVerifier = async (input, options) => {
  const { parseClientData, verifyWebAuthn } = await import('../wallet/webauthn/verify.js')
  const { aad } = parseCacao(input).s.m ?? {}
  const signed = aad && decodeAAD(aad)
  const { origin } = signed ? parseClientData(signed.clientDataJSON) : {}
  const origins = typeof origin === 'string' ? [origin] : []
  await verifyWebAuthn(input, options, { origins, rpIds: [], requireUserVerification: false })
}
