import { parseAccount } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { isAcceptedByContract, rpcFor } from './contract-account.js'
import { parseContractSignature } from './erc6492.js'
import type { EthereumSignerInput } from './ethereum-signer.js'
import type { EthereumRPC, RPCEntries } from './rpc-argument.js'

// r, s and v in hex: what a key signs, be it the account's own, another account's, or the owner's of a contract.
const KEY_SIGNATURE_LENGTH = 132

/** Where contract accounts' chains are asked, and for how long. */
export interface ContractGrantOptions {
  readonly rpcs: RPCEntries
  readonly timeoutMs?: number | undefined
  /** What signed, and may know its chain. */
  readonly signer: EthereumSignerInput
}

/**
 * Makes sure that what a wallet answered is the signature of a contract account: as the `rpc` option says, or else the
 * wallet itself, which is asked nothing that it would show the person. Throws `ERR_CAPABILITY_SIGNATURE`,
 * `ERR_CAPABILITY_UNSUPPORTED` or `ERR_RPC_UNAVAILABLE`.
 */
export async function assertContractSigned(
  account: string,
  text: string,
  hex: string,
  { rpcs, timeoutMs, signer }: ContractGrantOptions,
): Promise<void> {
  const { reference = '', address = '' } = parseAccount(account) ?? {}
  const signature = parseContractSignature(hex)
  const isConfigured = rpcFor(reference, rpcs) !== undefined
  try {
    const question = signature && { account: { reference, address }, signature, texts: [text] }
    const asked = isConfigured ? rpcs : walletRPC(signer)
    if (question && (await isAcceptedByContract(question, asked, timeoutMs))) return
  } catch (cause) {
    if (isConfigured) throw cause
    // Where nobody can say, what a key can't have signed is some contract's; anything else most likely another account's.
    if (hex.length > KEY_SIGNATURE_LENGTH) {
      throw new SessionError(
        'ERR_CAPABILITY_UNSUPPORTED',
        `the wallet answered a smart account's signature, which can't be checked here: give ethereumAuth an rpc of chain ${reference}, or switch the wallet to that chain`,
        { cause },
      )
    }
  }
  throw new SessionError(
    'ERR_CAPABILITY_SIGNATURE',
    `the wallet signed with another account than ${account}: switch to it there`,
  )
}

/** The wallet itself, or what its library asks the chain with, if it knows one. */
function walletRPC(signer: EthereumSignerInput): RPCEntries {
  if (typeof signer === 'string' || signer instanceof Uint8Array) return []
  const { provider } = signer as { provider?: EthereumRPC | null }
  const rpc = 'request' in signer ? (signer as EthereumRPC) : provider
  return rpc ? [['', rpc]] : []
}
