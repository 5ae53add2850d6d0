import type { Verifiers } from '../capability/verify-signature.js'
import { ethereumVerifiers } from '../wallet/ethereum.js'
import { keyVerifiers } from '../wallet/key.js'
import { solanaVerifiers } from '../wallet/solana.js'
import { webauthnVerifiers } from '../wallet/webauthn.js'

/** Verifiers for every kind of account. Contract accounts' need the URL of an RPC. */
export function accountVerifiers(rpc: string | undefined): Verifiers {
  return {
    ...ethereumVerifiers({ ...(rpc !== undefined && { rpc }) }),
    ...solanaVerifiers(),
    ...webauthnVerifiers(),
    ...keyVerifiers(),
  }
}
