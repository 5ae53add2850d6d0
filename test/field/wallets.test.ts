import { BrowserProvider } from 'ethers'
import nacl from 'tweetnacl'
import { beforeEach, describe, expect } from 'vitest'
import { toHex } from '../../src/base/hex.js'
import { DIDSession } from '../../src/index.js'
import { toBase58 } from '../../src/key/session-key.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { type EthereumSignerInput, ethereumAccount, ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { keyAuth } from '../../src/wallet/key/index.js'
import { type SolanaSignerInput, solanaAccount, solanaAuth } from '../../src/wallet/solana/index.js'
import { createPasskey, webauthnAuth } from '../../src/wallet/webauthn/index.js'
import { expectCode } from '../setup/expect-code.js'
import type { PasskeyBehaviour } from '../setup/passkey.js'
import { SOLANA_MAINNET, testSolanaWallet } from '../setup/solana-wallet.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { forgetAll, installPasskeys } from '../setup/with-passkeys.js'
import { type Report, reported } from './reported.js'

const site = { domain: 'app.example.com' }
const resources = ['https://api.example.com/*']
const rejected = 'ERR_AUTH_REJECTED'
const failed = 'ERR_AUTH_FAILED'

/** What signing in gives if the wallet throws this: the same for every kind of account. */
const onThrow = (cause: unknown, code: typeof rejected | typeof failed) => async (): Promise<void> => {
  const wallet = testWallet()
  wallet.behaviour = { throws: cause }
  const solana = testSolanaWallet(7)
  solana.behaviour = { throws: cause }
  const sign = (): never => {
    throw cause
  }
  const auths = [
    ethereumAuth(wallet.provider, ACCOUNT_A, site),
    solanaAuth(solana.wallet, undefined, site),
    keyAuth({ did: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3', sign }, site),
    // An auth method of others.
    async () => sign(),
  ]
  for (const auth of auths) await expectCode(code, () => DIDSession.authorize(auth, { resources }))
}

const LEDGER = 'Ledger device: Condition of use not satisfied (denied by the user?) (0x6985)'

describe('a no', () => {
  reported([
    {
      report: 'MetaMask/metamask-extension#19025',
      met: 'an internal error with words',
      right: onThrow(
        { code: -32603, message: 'MetaMask Message Signature: User denied message signature.' },
        rejected,
      ),
    },
    {
      report: 'MetaMask/metamask-extension#7160',
      met: 'an internal error with the words in its stack',
      right: onThrow(
        {
          code: -32603,
          message: 'Internal JSON-RPC error.',
          stack: 'Error: MetaMask Tx Signature: User denied transaction signature.',
        },
        rejected,
      ),
    },
    {
      report: 'MetaMask/metamask-mobile#6733',
      met: 'by WalletConnect, in the newer version',
      right: onThrow(
        Object.assign(new Error('User rejected the request.'), { name: 'UserRejectedRequestError' }),
        rejected,
      ),
    },
    {
      report: 'MetaMask/metamask-mobile#6733',
      met: 'an internal error without any words, which can not be told from a failure',
      right: onThrow({ code: -32603, message: 'Internal error' }, failed),
    },
    {
      report: 'MetaMask/eth-ledger-bridge-keyring#49',
      met: 'on a Ledger behind MetaMask',
      right: onThrow({ code: -32603, message: `Error: TransportStatusError: ${LEDGER}` }, rejected),
    },
    {
      report: 'LedgerHQ/ledgerjs#589',
      met: 'on a Ledger',
      right: onThrow(
        { message: LEDGER, statusCode: 27013, statusText: 'CONDITIONS_OF_USE_NOT_SATISFIED' },
        rejected,
      ),
    },
    {
      report: 'MetaMask/accounts#294',
      met: 'on a Ledger, in the words of today',
      right: onThrow(new Error('Ledger: User rejected the transaction'), rejected),
    },
    {
      report: 'cowprotocol/cowswap#643',
      met: 'by WalletConnect, with a code of its own',
      right: onThrow({ code: 5000, message: 'User rejected.' }, rejected),
    },
    {
      report: 'cowprotocol/cowswap#3216',
      met: 'by WalletConnect, with the code of EIP-1193',
      right: onThrow(
        { code: 4001, message: 'User rejected the request.', stack: 'construct@[native code]' },
        rejected,
      ),
    },
    {
      report: 'antonio-fr/pyWalletConnect#18',
      met: 'to a method',
      right: onThrow({ code: 5002, message: 'User rejected methods.' }, rejected),
    },
    {
      report: 'Uniswap/interface#5941',
      met: 'in the words of Rainbow and Frame',
      right: async () => {
        await onThrow(new Error('Request rejected'), rejected)()
        await onThrow(new Error('User declined transaction'), rejected)()
      },
    },
    {
      report: 'lifinance/bigmi#77',
      met: 'without any code, over an internal error',
      right: onThrow(
        Object.assign(new Error('Unknown Error'), {
          cause: { message: 'User canceled the confirmation', cause: { code: -32603 } },
        }),
        rejected,
      ),
    },
    { report: 'viaprotocol/web3-wallets#58', met: 'as a text', right: onThrow('Request rejected', rejected) },
    {
      report: 'wallet-ui/wallet-ui#520',
      met: 'on a phone',
      right: onThrow(new Error('-3/sign request declined'), rejected),
    },
    {
      report: 'brave/brave-wallet-docs#59',
      met: 'from a plain object',
      right: onThrow({ code: 4001, message: 'User rejected the request.' }, rejected),
    },
    {
      report: 'WalletConnect/walletconnect-monorepo#6201',
      met: 'which nobody said: the method is disabled',
      right: onThrow({ code: -32075, message: 'Method disabled' }, failed),
    },
    {
      report: 'WalletConnect/walletconnect-monorepo#3183',
      met: 'which nobody said: the relay refused the request',
      right: onThrow({ code: -32600, message: 'invalid json request' }, failed),
    },
    {
      report: 'coral-xyz/backpack#4364',
      met: 'which nobody said: the wallet broke',
      right: onThrow(
        Object.assign(new Error('Reached end of buffer unexpectedly'), { name: 'WalletSignMessageError' }),
        failed,
      ),
    },
    {
      report: 'hiero-ledger/hiero-json-rpc-relay#1295',
      met: 'which nobody said: a node refused',
      right: onThrow(
        { code: -32014, message: 'transaction failed precheck with status INVALID_ACCOUNT_ID' },
        failed,
      ),
    },
  ])
})

describe('no wallet', () => {
  const absent = undefined as unknown as EthereumSignerInput & SolanaSignerInput
  reported([
    {
      report: 'moonstream-to/web3#140',
      met: 'is no failure of one',
      right: async () => {
        for (const ask of [
          () => ethereumAuth(absent),
          () => ethereumAccount(absent),
          () => solanaAuth(absent),
          () => solanaAccount(absent),
        ])
          expect((await expectCode('ERR_WALLET_NOT_FOUND', ask)).message).toMatch(
            /install one, or use a passkey/,
          )
      },
    },
    {
      report: 'unlock-protocol/unlock#14582',
      met: 'but a provider of ethers is one',
      right: async () => {
        const { provider } = testWallet()
        expect(
          (
            await ethereumAuth(
              new BrowserProvider(provider),
              undefined,
              site,
            )({ uri: 'did:key:z6Mk', resources })
          ).p,
        ).toMatchObject({ iss: `did:pkh:${ACCOUNT_A}` })
      },
    },
  ])
})

describe('a passkey of a password manager', () => {
  beforeEach(forgetAll)
  const made = (created: PasskeyBehaviour['created']) => async (): Promise<void> => {
    const passkeys = installPasskeys()
    passkeys.behaviour = created ? { created } : {}
    const account = await createPasskey({ name: 'a', rpId: site.domain })
    expect(account).toBe(passkeys.residents[0]?.account)
    const { cacao } = await DIDSession.authorize(webauthnAuth(account, { ...site, rpId: site.domain }), {
      resources,
    })
    expect(cacao.p.iss).toBe(account)
  }
  const with_ =
    (change: object): PasskeyBehaviour['created'] =>
    ({ response, ...rest }) => ({ ...rest, response: { ...response, ...change } })
  const fail = (): never => {
    throw new Error('Permission denied to access object')
  }
  reported([
    {
      report: 'passwordless-id/webauthn#37',
      met: 'has no getPublicKey',
      right: made(with_({ getPublicKey: undefined })),
    },
    {
      report: 'bitwarden/clients#6913',
      met: 'gives an empty key',
      right: made(with_({ getPublicKey: () => new ArrayBuffer(0) })),
    },
    {
      report: 'passwordless-id/webauthn#50',
      met: 'throws where it is touched',
      right: made(with_({ getPublicKey: fail, getTransports: fail })),
    },
    {
      report: 'passwordless-id/webauthn#30',
      met: 'has neither method',
      right: made(with_({ getPublicKey: undefined, getTransports: undefined })),
    },
    {
      report: 'bitwarden/clients#10649',
      met: 'names odd transports',
      right: made(with_({ getTransports: () => ['internal', 'cable', null, 7] })),
    },
  ])
})

describe('a Solana wallet', () => {
  const { secretKey, publicKey } = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7))
  const answering =
    (form: (signature: Uint8Array, message: Uint8Array) => unknown) => async (): Promise<void> => {
      const wallet: SolanaSignerInput = {
        publicKey: { toString: () => toBase58(publicKey) },
        signMessage: async (message) => form(nacl.sign.detached(message, secretKey), message),
      }
      const { cacao } = await DIDSession.authorize(solanaAuth(wallet, undefined, site), { resources })
      expect(cacao.p.iss).toBe(`did:pkh:solana:${SOLANA_MAINNET}:${toBase58(publicKey)}`)
    }
  reported([
    {
      report: 'coral-xyz/backpack#659',
      met: 'answers with the signature in base58',
      right: answering(toBase58),
    },
    { report: 'anza-xyz/wallet-adapter#437', met: 'answers with text', right: answering(toHex) },
    {
      report: 'anza-xyz/wallet-adapter#526',
      met: 'answers with the message and the signature',
      right: answering((signature, message) => Uint8Array.of(...message, ...signature)),
    },
    {
      report: 'anza-xyz/wallet-adapter#898',
      met: 'answers with an object',
      right: answering((signature) => ({ signature })),
    },
    {
      report: 'anza-xyz/wallet-adapter#1106',
      met: 'answers with what it signed, too',
      right: answering((signature, signedMessage) => ({ signature, signedMessage })),
    },
    {
      report: 'solana-mobile/mobile-wallet-adapter#46',
      met: 'answers with a list of numbers',
      right: answering((signature) => [...signature]),
    },
  ] satisfies Report[])
})
