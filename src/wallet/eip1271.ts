import { keccak_256 } from '@noble/hashes/sha3.js'
import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import { utf8 } from '../base/utf8.js'
import type { VerifierOptions } from '../capability/verify-signature.js'
import { isAcceptedByContract } from './contract-account.js'
import { parseContractSignature } from './erc6492.js'
import { ethereumCapability, renderings } from './ethereum-capability.js'
import type { EthereumRPCOptions, RPCEntries } from './rpc-argument.js'

/** How contract accounts' signatures are checked, and for how long. */
export interface ContractVerifierOptions extends EthereumRPCOptions {
  /**
   * Seconds for which a contract's yes counts without it being asked again; 0 by default: each time. A contract may
   * change its mind, as when an owner is removed, and that is noticed so much later.
   */
  rpcMaxAgeSecs?: number
}

const MOST_KNOWN = 1000

/**
 * A check of contract accounts' signatures over capabilities (ERC-1271, ERC-6492). It throws
 * `ERR_CAPABILITY_SIGNATURE`, and what `isAcceptedByContract` throws.
 */
export function contractVerifier(
  rpcs: RPCEntries,
  { rpcTimeoutMs, rpcMaxAgeSecs = 0 }: ContractVerifierOptions,
): (input: unknown, options: VerifierOptions | undefined) => Promise<void> {
  const maxAge = rpcMaxAgeSecs * 1000
  const accepted = new Map<string, number>()
  return async (input, options) => {
    const { cacao, ...account } = ethereumCapability(input, options)
    const signature = parseContractSignature(cacao.s.s)
    if (!signature) {
      throw new SessionError(
        'ERR_CAPABILITY_SIGNATURE',
        'malformed eip1271 signature: it must be lower-case hex, and encoded exactly if wrapped (ERC-6492)',
      )
    }
    const id = maxAge > 0 ? toHex(keccak_256(utf8(JSON.stringify([cacao.p, cacao.s.s])))) : ''
    const now = Date.now()
    const age = now - (accepted.get(id) ?? Number.NaN)
    if (age >= 0 && age < maxAge) return
    if (!(await isAcceptedByContract({ account, signature, texts: renderings(cacao) }, rpcs, rpcTimeoutMs)))
      throw new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is not signed by ${cacao.p.iss}`)
    if (accepted.size >= MOST_KNOWN) accepted.clear()
    if (maxAge > 0) accepted.set(id, now)
  }
}
