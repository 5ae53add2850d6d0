import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import { type AuthMethodOpts, authError } from '../capability/auth-method.js'
import type { Cacao } from '../capability/cacao.js'
import { toEIP55 } from './eip55.js'
import { renderEthereumMessage } from './eip4361.js'
import type { EthereumSigner } from './ethereum-signer.js'
import { type GrantTextOptions, grantPayload } from './grant-payload.js'

/** What the person reads and signs, where `DIDSession.get` or `authorize` don't say otherwise. */
export interface EthereumAuthOptions extends GrantTextOptions {
  /** The chain of an account that is not given as a CAIP-10 id; the wallet's own by default, or 1 for a bare key. */
  chainId?: number
}

/**
 * Has the wallet sign the text for this account, and checks that it did. The check loads while the person looks
 * at the wallet.
 */
export async function ethereumGrant(
  wallet: EthereumSigner,
  account: string,
  opts: AuthMethodOpts,
  options: EthereumAuthOptions,
): Promise<Cacao> {
  const p = grantPayload(account, opts, options)
  const s = await signature(wallet, renderEthereumMessage(p), account)
  return Object.freeze({ h: Object.freeze({ t: 'eip4361' }), p, s: Object.freeze({ t: 'eip191', s }) })
}

async function signature(wallet: EthereumSigner, text: string, account: string): Promise<string> {
  const address = addressOf(account)
  const loading = Promise.all([import('./eip191.js'), import('./secp256k1.js')])
  loading.catch(() => undefined)
  const answer = await wallet.sign(text, toEIP55(address)).catch((cause: unknown) => {
    throw authError(cause)
  })
  const [{ parseSignature, recoverAddress }, { recoverPublicKey }] = await loading
  if (typeof answer !== 'string' || !/^0x([0-9a-f]{2}){64,}$/i.test(answer)) {
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet answered something that is not a signature: update it, or try another one',
    )
  }
  if (answer.length > 132) {
    throw new SessionError(
      'ERR_CAPABILITY_UNSUPPORTED',
      "the wallet answered a smart account's signature, which can't be checked here",
    )
  }
  const bytes = parseSignature(answer.toLowerCase())
  if (!bytes || recoverAddress(text, bytes, recoverPublicKey) !== address) {
    throw new SessionError(
      'ERR_CAPABILITY_SIGNATURE',
      `the wallet signed with another account than ${account}: switch to it there`,
    )
  }
  return `0x${toHex(bytes)}`
}

function addressOf(account: string): string {
  return account.slice(account.lastIndexOf(':') + 1)
}
