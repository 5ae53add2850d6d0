import { hashMessage } from '@stacks/encryption'
import {
  createStacksPrivateKey,
  getAddressFromPrivateKey,
  signMessageHashRsv,
  TransactionVersion,
} from '@stacks/transactions'
import { toHex } from '../../src/base/hex.js'

/** A wallet of Stacks as @didtools/pkh-stacks takes one: it signs what a token holds. */
export function stacksWallet(seed: number): { address: string; provider: object } {
  // 01 behind it: the public key is the compressed one.
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
