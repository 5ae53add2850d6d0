import { utf8 } from '../../base/bytes.js'
import { toEIP55 } from '../../base/eip55.js'
import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { booleanOption, wrong } from '../../base/options.js'
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
   * Writes the address in the message in lower case instead of EIP-55, which ERC-4361 requires. The default is false. Set it for
   * nodes of js-ceramic: up to version 6.11 they accept only lower case, because they verify with `@didtools/pkh-ethereum` 0.2. The
   * verifiers of cacao-session accept both.
   */
  lowerCaseAddress?: boolean
}

/** The checked arguments of `ethereumAuth`. */
export interface EthereumAuthArguments {
  readonly signer: EthereumSignerInput
  readonly wallet: EthereumSigner
  readonly account: string | undefined
  readonly rpcs: RPCEntries
}

/**
 * Asks the wallet to sign a capability (CAIP-74) as an ERC-4361 message, and verifies the signature. Throws the errors
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
  const { lowerCaseAddress = false, rpcTimeoutMs } = options
  booleanOption(lowerCaseAddress, 'lowerCaseAddress')
  if (rpcTimeoutMs !== undefined && !(typeof rpcTimeoutMs === 'number' && rpcTimeoutMs > 0))
    throw wrong('rpcTimeoutMs', 'a positive number of milliseconds')
  const address = account.slice(account.lastIndexOf(':') + 1)
  const text = renderEthereumMessage(p, lowerCaseAddress ? { address } : {})
  // The code that verifies the signature loads while the person looks at the wallet.
  const loading = Promise.all([import('./eip191.js'), import('./secp256k1.js')])
  loading.catch(() => undefined)
  const message = { text, hex: `0x${toHex(utf8(text))}` }
  const signing = wallet.sign(message, toEIP55(address))
  const answer = await whileConnected(signer, signing).catch((cause: unknown) => {
    throw authError(cause)
  })
  const [{ ownSignature }, { recoverPublicKey }] = await loading
  const hex = signatureHex(answer)
  if (hex === undefined) {
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet answered with something that is not a signature: update it, or use a different one',
    )
  }
  const signatureOver = (signed: string): Uint8Array | undefined =>
    ownSignature(signed, hex, address, recoverPublicKey)
  // A signature by the account's own key needs no RPC, even if the account is delegated to a contract (EIP-7702).
  const bytes = signatureOver(text)
  if (bytes) return signedCapability(p, 'eip191', `0x${toHex(bytes)}`)
  if ([message.hex, text.replaceAll('\n', '\r\n'), `${text}\n`].some(signatureOver)) {
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet signed a different message than it was given: use a wallet that signs messages unchanged',
    )
  }
  const { assertContractSigned } = await import('./eip1271.js')
  await assertContractSigned(account, text, hex, { signer, rpcs, timeoutMs: rpcTimeoutMs })
  return signedCapability(p, 'eip1271', hex)
}

type Listen = (event: string, listener: () => void) => unknown

/**
 * Waits for the wallet's answer, or rejects with `ERR_AUTH_FAILED` as soon as WalletConnect emits `session_delete`: the person has
 * ended the connection in the wallet's app, but the request would stay open for minutes. The event `disconnect` doesn't end the wait,
 * because an extension that has lost its chain for a moment may still answer.
 */
async function whileConnected(signer: EthereumSignerInput, answer: Promise<unknown>): Promise<unknown> {
  const { request, on, removeListener } = Object(signer) as Partial<
    EIP1193Provider & Record<'on' | 'removeListener', Listen>
  >
  // Without `request`, it isn't an EIP-1193 provider: an ethers provider has the same methods, but other events.
  if (!request || !on || !removeListener) return answer
  let onDelete = (): void => undefined
  const ended = new Promise<never>((_, reject) => {
    onDelete = () =>
      reject(
        new SessionError(
          'ERR_AUTH_FAILED',
          'the connection was ended in the wallet before it answered: connect it again and sign in',
        ),
      )
  })
  const listen = (method: Listen): void => {
    try {
      method.call(signer, 'session_delete', onDelete)
    } catch {
      // Some providers throw for an event that they don't know. The wallet's answer counts all the same.
    }
  }
  listen(on)
  try {
    return await Promise.race([answer, ended])
  } finally {
    listen(removeListener)
  }
}

/** Returns a wallet's answer as `0x` and lower-case hex; `undefined` if it is not a signature. Some wallets leave the `0x` out. */
function signatureHex(answer: unknown): string | undefined {
  if (typeof answer !== 'string' || answer.length > MAX_SIGNATURE_LENGTH) return undefined
  // A Safe whose owners have signed on its chain answers `0x`.
  if (!/^0x(([0-9a-f]{2}){64,})?$|^([0-9a-f]{2}){64,}$/i.test(answer)) return undefined
  const hex = answer.toLowerCase()
  return hex.startsWith('0x') ? hex : `0x${hex}`
}

function signedCapability(p: Cacao['p'], t: string, s: string): Cacao {
  return Object.freeze({ h: Object.freeze({ t: 'eip4361' }), p, s: Object.freeze({ t, s }) })
}
