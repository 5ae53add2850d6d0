import { hashMessage } from '@stacks/encryption'
import {
  createStacksPrivateKey,
  getAddressFromPrivateKey,
  signMessageHashRsv,
  TransactionVersion,
} from '@stacks/transactions'
import { toHex } from '../../src/base/hex.js'

/** A Stacks wallet as @didtools/pkh-stacks expects it: it signs the content of a token. */
export function stacksWallet(seed: number): { address: string; provider: object } {
  // The 01 at the end means that the public key is compressed.
  const secret = `${toHex(new Uint8Array(32).fill(seed))}01`
  return {
    address: getAddressFromPrivateKey(secret, TransactionVersion.Mainnet),
    provider: {
      signatureRequest: async (token: string) => {
        const [, body = ''] = token.split('.')
        const { message } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { message: string }
        const { data } = signMessageHashRsv({
          messageHash: toHex(hashMessage(message)),
          privateKey: createStacksPrivateKey(secret),
        })
        return { signature: data }
      },
    },
  }
}
