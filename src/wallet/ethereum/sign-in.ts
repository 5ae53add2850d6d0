import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { type AuthMethodOpts, authError } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import { type GrantTextOptions, grantPayload } from '../capability-payload.js'
import type { EthereumRPCOptions, RPCEntries } from './rpc.js'
import type { EthereumSigner, EthereumSignerInput } from './signer.js'
import { renderEthereumMessage, toEIP55 } from './siwe-message.js'
/** What the person reads and signs, where `DIDSession.get` or `authorize` don't say otherwise; and where chains are asked. */
export interface EthereumAuthOptions extends GrantTextOptions, EthereumRPCOptions {
  /** The chain of an account that is not given as a CAIP-10 id; the wallet's own by default, or 1 for a bare key. */
  chainId?: number
}

// As long as the guard lets a signature be, in characters.
const MAX_LENGTH = 16_384

/**
 * Has the wallet sign the text for this account, and checks that it did. The check loads while the person looks
 * at the wallet.
 */
export async function ethereumGrant(
  wallet: EthereumSigner,
  account: string,
  opts: AuthMethodOpts,
  options: EthereumAuthOptions,
  { signer, rpcs }: { signer: EthereumSignerInput; rpcs: RPCEntries },
): Promise<Cacao> {
  const p = grantPayload(account, opts, options)
  const text = renderEthereumMessage(p)
  const address = account.slice(account.lastIndexOf(':') + 1)
  const loading = Promise.all([import('./eip191.js'), import('./secp256k1.js')])
  loading.catch(() => undefined)
  const answer = await wallet.sign(text, toEIP55(address)).catch((cause: unknown) => {
    throw authError(cause)
  })
  const [{ parseSignature, recoverAddress }, { recoverPublicKey }] = await loading
  if (!isSignature(answer)) {
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet answered something that is not a signature: update it, or try another one',
    )
  }
  const hex = answer.toLowerCase()
  const bytes = parseSignature(hex)
  // Whose key signed needs nobody's word; an account whose code is delegated (EIP-7702) has a key all the same.
  const isOwn = bytes && recoverAddress(text, bytes, recoverPublicKey) === address
  if (isOwn) return granted(p, 'eip191', `0x${toHex(bytes)}`)
  const { assertContractSigned } = await import('./contract-account.js')
  await assertContractSigned(account, text, hex, { signer, rpcs, timeoutMs: options.rpcTimeoutMs })
  return granted(p, 'eip1271', hex)
}

function granted(p: Cacao['p'], t: string, s: string): Cacao {
  return Object.freeze({ h: Object.freeze({ t: 'eip4361' }), p, s: Object.freeze({ t, s }) })
}

function isSignature(answer: unknown): answer is string {
  return typeof answer === 'string' && answer.length <= MAX_LENGTH && /^0x([0-9a-f]{2}){64,}$/i.test(answer)
}
