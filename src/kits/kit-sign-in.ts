import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { type EthereumAuthOptions, ethereumAuth } from '../wallet/ethereum/index.js'

/** The options of `ethereumAuth` that a kit's options include. */
export type KitEthereumOptions = Pick<EthereumAuthOptions, 'rpc' | 'rpcTimeoutMs' | 'lowerCaseAddress'>

const NONCE_BYTES = 12

/** Returns a nonce for one message. */
export function randomNonce(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
}

/** Returns an auth method whose wallet is the kit: `sign` passes the text on and waits for the signature. */
export async function kitAuthMethod(
  account: string,
  sign: (text: string) => Promise<string>,
  options: KitEthereumOptions,
): Promise<AuthMethod> {
  const [namespace, , address = ''] = account.split(':')
  if (namespace === 'eip155') {
    const signer = { address, signMessage: ({ message }: { message: string }) => sign(message) }
    return ethereumAuth(signer, account, options)
  }
  if (namespace === 'solana') {
    const { solanaAuth } = await import('../wallet/solana/index.js')
    const signMessage = (message: Uint8Array): Promise<string> => sign(new TextDecoder().decode(message))
    return solanaAuth({ publicKey: address, signMessage }, account)
  }
  throw new SessionError(
    'ERR_AUTH_FAILED',
    `an account of ${namespace} can't sign in here: choose an Ethereum or Solana account`,
  )
}
