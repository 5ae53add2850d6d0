import { utf8 } from '../../base/bytes.js'
import { toEIP55 } from '../../base/eip55.js'
import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { booleanOption } from '../../base/options.js'
import { type AuthMethodOpts, authError, noAccountError } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import { capabilityPayload, requestedAccount, type SignInMessageOptions } from '../capability-payload.js'
import type { EthereumRPCOptions, RPCEntries } from './rpc.js'
import type { EIP1193Provider, EthereumSigner, EthereumSignerInput } from './signer.js'
import { renderEthereumMessage } from './siwe-message.js'
import { ethereumArgument, walletAccount } from './wallet-account.js'

// The longest signature, in characters, that `parseCacao` accepts.
const MAX_SIGNATURE_LENGTH = 16_384

/** Options of `ethereumAuth`. Options of `DIDSession.get` and `authorize` take precedence. */
export interface EthereumAuthOptions extends SignInMessageOptions, EthereumRPCOptions {
  /** The chain of an account that was not given as a CAIP-10 id. The default is the wallet's own chain, or 1 for a private key. */
  chainId?: number
  /**
   * Writes the address in the message in lower case, not in EIP-55 as ERC-4361 asks. For nodes of js-ceramic, which up to
   * version 6.11 accept no other sign-in; their verifiers are those of `@didtools/pkh-ethereum` 0.2. Servers with our verifiers
   * accept both. The default is false.
   */
  lowerCaseAddress?: boolean
}

/** What `ethereumAuth` was called with, checked. */
export interface EthereumAuthArguments {
  readonly signer: EthereumSignerInput
  readonly wallet: EthereumSigner
  readonly account: string | undefined
  readonly rpcs: RPCEntries
}

/**
 * Has the wallet sign a capability (CAIP-74) as an ERC-4361 message, and verifies the signature. Throws the errors
 * that `ethereumAuth` lists.
 */
export async function signEthereumCapability(
  { signer, wallet, account: own, rpcs }: EthereumAuthArguments,
  opts: AuthMethodOpts,
  options: EthereumAuthOptions,
): Promise<Cacao> {
  const requested =
    opts.address && opts.chainId ? ethereumArgument(`eip155:${opts.chainId}:${opts.address}`) : undefined
  const account = requestedAccount(own, requested) ?? (await walletAccount(wallet, options.chainId, false))
  if (!account) throw noAccountError()
  const p = capabilityPayload(account, opts, options)
  const { lowerCaseAddress = false } = options
  booleanOption(lowerCaseAddress, 'lowerCaseAddress')
  const address = account.slice(account.lastIndexOf(':') + 1)
  const text = renderEthereumMessage(p, lowerCaseAddress ? { address } : {})
  // The code that verifies the signature loads while the person looks at the wallet.
  const loading = Promise.all([import('./eip191.js'), import('./secp256k1.js')])
  loading.catch(() => undefined)
  const message = { text, hex: `0x${toHex(utf8(text))}` }
  const asked = wallet.sign(message, toEIP55(address))
  const answer = await whileConnected(signer, asked).catch((cause: unknown) => {
    throw authError(cause)
  })
  const [{ parseSignature, recoverAddress }, { recoverPublicKey }] = await loading
  if (!isSignature(answer)) {
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet answered with something that is not a signature: update it, or use another one',
    )
  }
  const hex = answer.toLowerCase()
  const bytes = parseSignature(hex)
  // A signature by the account's own key needs no RPC, also where its code is delegated (EIP-7702).
  const isByOwnKey = bytes && recoverAddress(text, bytes, recoverPublicKey) === address
  if (isByOwnKey) return signedCapability(p, 'eip191', `0x${toHex(bytes)}`)
  const { assertContractSigned } = await import('./eip1271.js')
  await assertContractSigned(account, text, hex, { signer, rpcs, timeoutMs: options.rpcTimeoutMs })
  return signedCapability(p, 'eip1271', hex)
}

type Listen = (event: string, listener: () => void) => unknown

/**
 * The wallet's answer. WalletConnect leaves a request open for minutes although the person has ended the connection in the wallet's app,
 * and only tells so (`session_delete`): then this rejects with `ERR_AUTH_FAILED` at once. The event `disconnect` alone doesn't end it,
 * because an extension that has lost its chain for a moment may still answer.
 */
async function whileConnected(signer: EthereumSignerInput, answer: Promise<unknown>): Promise<unknown> {
  const { request, on, removeListener } = Object(signer) as Partial<
    EIP1193Provider & Record<'on' | 'removeListener', Listen>
  >
  // The events of an ethers provider are others.
  if (!request || !on || !removeListener) return answer
  let leave = (): void => undefined
  const ended = new Promise<never>((_, reject) => {
    leave = () =>
      reject(
        new SessionError(
          'ERR_AUTH_FAILED',
          'the connection was ended in the wallet before it answered: connect it again, and sign in',
        ),
      )
  })
  on.call(signer, 'session_delete', leave)
  try {
    return await Promise.race([answer, ended])
  } finally {
    removeListener.call(signer, 'session_delete', leave)
  }
}

function isSignature(answer: unknown): answer is string {
  return (
    typeof answer === 'string' &&
    answer.length <= MAX_SIGNATURE_LENGTH &&
    // A Safe whose owners sign on its chain answers `0x`.
    /^0x(([0-9a-f]{2}){64,})?$/i.test(answer)
  )
}

function signedCapability(p: Cacao['p'], t: string, s: string): Cacao {
  return Object.freeze({ h: Object.freeze({ t: 'eip4361' }), p, s: Object.freeze({ t, s }) })
}
