import { decodeAAD } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { type CacaoVerifier, type Verifiers, verifyKeySigned } from '../capability/verify-signature.js'

/**
 * Verifiers for the signature types that need neither an RPC server nor further options. The signature of a contract
 * account is refused with `ERR_CAPABILITY_UNSUPPORTED`.
 */
export async function offlineVerifiers(): Promise<Verifiers> {
  const { ethereumVerifiers } = await import('../wallet/ethereum/verifiers.js')
  return {
    ...ethereumVerifiers(),
    'solana:ed25519': verifySolanaAccount,
    'webauthn:p256': verifyPasskey,
    'key:ed25519': verifyKey,
    'key:p256': verifyKey,
  }
}

const verifyKey: CacaoVerifier = async (input) => verifyKeySigned(parseCacao(input))

const verifySolanaAccount: CacaoVerifier = async (input, options) => {
  const { verifySolana } = await import('../wallet/solana/sign-in.js')
  await verifySolana(input, options)
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
