import { BrowserProvider } from 'ethers'
import nacl from 'tweetnacl'
import { beforeEach, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { DIDSession } from '../../src/index.js'
import { toBase58 } from '../../src/key/session-key.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import {
  type EIP1193Provider,
  type EthereumSignerInput,
  ethereumAccount,
  ethereumAuth,
  ethereumVerifiers,
} from '../../src/wallet/ethereum/index.js'
import { eip191Sign } from '../../src/wallet/ethereum/secp256k1.js'
import { keyAuth } from '../../src/wallet/key/index.js'
import { type SolanaSignerInput, solanaAccount, solanaAuth } from '../../src/wallet/solana/index.js'
import { createPasskey, webauthnAuth } from '../../src/wallet/webauthn/index.js'
import { expectCode } from '../setup/expect-code.js'
import type { PasskeyBehaviour } from '../setup/passkey.js'
import { SOLANA_MAINNET, testSolanaWallet } from '../setup/solana-wallet.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A } from '../setup/wallet.js'
import { forgetAll, installPasskeys } from '../setup/with-passkeys.js'
import { type Report, reported } from './reported.js'

const site = { domain: 'app.example.com' }
const resources = ['https://api.example.com/*']
const rejected = 'ERR_AUTH_REJECTED'
const failed = 'ERR_AUTH_FAILED'

/** Expects the code of a sign-in if the wallet throws this cause, with every kind of account. */
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
    // A custom auth method.
    async () => sign(),
  ]
  for (const auth of auths) await expectCode(code, () => DIDSession.authorize(auth, { resources }))
}

const LEDGER = 'Ledger device: Condition of use not satisfied (denied by the user?) (0x6985)'

describe('an error of a wallet counts as a rejection', () => {
  reported([
    {
      report: 'MetaMask/metamask-extension#19025',
      title: 'if an internal error has a message of rejection',
      test: onThrow(
        { code: -32603, message: 'MetaMask Message Signature: User denied message signature.' },
        rejected,
      ),
    },
    {
      report: 'MetaMask/metamask-extension#7160',
      title: 'if an internal error has that message in its stack',
      test: onThrow(
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
      title: 'from the newer version of WalletConnect',
      test: onThrow(
        Object.assign(new Error('User rejected the request.'), { name: 'UserRejectedRequestError' }),
        rejected,
      ),
    },
    {
      report: 'MetaMask/metamask-mobile#6733',
      title: 'but not if an internal error has no such message',
      test: onThrow({ code: -32603, message: 'Internal error' }, failed),
    },
    {
      report: 'MetaMask/eth-ledger-bridge-keyring#49',
      title: 'from a Ledger behind MetaMask',
      test: onThrow({ code: -32603, message: `Error: TransportStatusError: ${LEDGER}` }, rejected),
    },
    {
      report: 'LedgerHQ/ledgerjs#589',
      title: 'from a Ledger',
      test: onThrow(
        { message: LEDGER, statusCode: 27013, statusText: 'CONDITIONS_OF_USE_NOT_SATISFIED' },
        rejected,
      ),
    },
    {
      report: 'MetaMask/accounts#294',
      title: 'from a Ledger, with its current message',
      test: onThrow(new Error('Ledger: User rejected the transaction'), rejected),
    },
    {
      report: 'cowprotocol/cowswap#643',
      title: 'from WalletConnect, with its own code',
      test: onThrow({ code: 5000, message: 'User rejected.' }, rejected),
    },
    {
      report: 'cowprotocol/cowswap#3216',
      title: 'from WalletConnect, with the code of EIP-1193',
      test: onThrow(
        { code: 4001, message: 'User rejected the request.', stack: 'construct@[native code]' },
        rejected,
      ),
    },
    {
      report: 'antonio-fr/pyWalletConnect#18',
      title: 'if a method was rejected',
      test: onThrow({ code: 5002, message: 'User rejected methods.' }, rejected),
    },
    {
      report: 'Uniswap/interface#5941',
      title: 'from Rainbow and Frame',
      test: async () => {
        await onThrow(new Error('Request rejected'), rejected)()
        await onThrow(new Error('User declined transaction'), rejected)()
      },
    },
    {
      report: 'lifinance/bigmi#77',
      title: 'without a code, around an internal error',
      test: onThrow(
        Object.assign(new Error('Unknown Error'), {
          cause: { message: 'User canceled the confirmation', cause: { code: -32603 } },
        }),
        rejected,
      ),
    },
    {
      report: 'viaprotocol/web3-wallets#58',
      title: 'if it is a string',
      test: onThrow('Request rejected', rejected),
    },
    {
      report: 'wallet-ui/wallet-ui#520',
      title: 'from a phone',
      test: onThrow(new Error('-3/sign request declined'), rejected),
    },
    {
      report: 'trezor/connect#126',
      title: 'from a Trezor whose window was closed',
      test: async () => {
        await onThrow(new Error('Window closed'), rejected)()
        await onThrow(new Error('The wallet closed the connection'), failed)()
      },
    },
    {
      report: 'suiet/wallet-kit#113',
      title: 'if a permission was rejected, but not if the system denies one',
      test: async () => {
        await onThrow(new Error('Permission rejected'), rejected)()
        await onThrow(new Error('Permission denied'), failed)()
      },
    },
    {
      report: 'brave/brave-wallet-docs#59',
      title: 'if it is a plain object',
      test: onThrow({ code: 4001, message: 'User rejected the request.' }, rejected),
    },
    {
      report: 'WalletConnect/walletconnect-monorepo#6201',
      title: 'but not if the method is disabled',
      test: onThrow({ code: -32075, message: 'Method disabled' }, failed),
    },
    {
      report: 'WalletConnect/walletconnect-monorepo#3183',
      title: 'but not if the relay refused the request',
      test: onThrow({ code: -32600, message: 'invalid json request' }, failed),
    },
    {
      report: 'coral-xyz/backpack#4364',
      title: 'but not if the wallet failed',
      test: onThrow(
        Object.assign(new Error('Reached end of buffer unexpectedly'), { name: 'WalletSignMessageError' }),
        failed,
      ),
    },
    {
      report: 'hiero-ledger/hiero-json-rpc-relay#1295',
      title: 'but not if a node refused',
      test: onThrow(
        { code: -32014, message: 'transaction failed precheck with status INVALID_ACCOUNT_ID' },
        failed,
      ),
    },
  ])
})

describe('a missing wallet', () => {
  const absent = undefined as unknown as EthereumSignerInput & SolanaSignerInput
  reported([
    {
      report: 'moonstream-to/web3#140',
      title: 'causes ERR_WALLET_NOT_FOUND',
      test: async () => {
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
      title: 'is not assumed for a provider of ethers',
      test: async () => {
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

describe('a wallet that is asked silently', () => {
  const throwing = (cause: unknown): EIP1193Provider => ({
    request: async () => {
      throw cause
    },
  })
  const solanaThrowing = (cause: unknown): SolanaSignerInput => {
    const connect = async (): Promise<never> => {
      throw cause
    }
    return { name: 'Wallet', accounts: [], features: { 'standard:connect': { connect } } }
  }
  const notConnected = (cause: unknown) => async (): Promise<void> => {
    expect(await ethereumAccount(throwing(cause), { silent: true })).toBeUndefined()
    expect(await solanaAccount(solanaThrowing(cause), { silent: true })).toBeUndefined()
    // Not silently, the same answer says why it failed.
    await expect(ethereumAccount(throwing(cause))).rejects.toHaveProperty('code')
    await expect(solanaAccount(solanaThrowing(cause))).rejects.toHaveProperty('code')
  }
  reported([
    {
      report: 'brave/brave-wallet-docs#59',
      title: 'is not connected if it answers that a request was rejected',
      test: notConnected({ code: 4001, message: 'User rejected the request.' }),
    },
    {
      report: 'ethereum/EIPs#2240',
      title: 'is not connected if the account was not authorized',
      test: notConnected({
        code: 4100,
        message: 'The requested account has not been authorized by the user.',
      }),
    },
    {
      report: 'glitch-txs/w3#10',
      title: 'is not connected if WalletConnect has no session',
      test: notConnected(new Error('Please call connect() before request()')),
    },
    {
      report: 'MetaMask/metamask-mobile#3630',
      title: 'has failed if it answers anything else',
      test: async () => {
        const cause = { code: -32603, message: 'Response has no error or result for request' }
        await expectCode(failed, () => ethereumAccount(throwing(cause), { silent: true }))
        await expectCode(failed, () => solanaAccount(solanaThrowing(cause), { silent: true }))
      },
    },
  ] satisfies Report[])
})

describe('an Ethereum wallet signs in if it', () => {
  const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const word = (number: bigint): string => number.toString(16).padStart(64, '0')
  const parts = (hex: string): { r: string; s: bigint; v: number } => ({
    r: hex.slice(2, 66),
    s: BigInt(`0x${hex.slice(66, 130)}`),
    v: Number.parseInt(hex.slice(130), 16),
  })
  const highS = (hex: string): string => {
    const { r, s, v } = parts(hex)
    return `0x${r}${word(ORDER - s)}${(55 - v).toString(16)}`
  }
  const withV =
    (change: (v: number) => number) =>
    (hex: string): string =>
      `${hex.slice(0, 130)}${change(parts(hex).v).toString(16).padStart(2, '0')}`
  const sign = (text: string): string => eip191Sign(text, fromHex(KEY_A.slice(2)) ?? new Uint8Array())

  /** A provider whose signature over `signed` of the text is written as `written` does. */
  const providerWith = (
    written: (hex: string) => string,
    signed: (text: string, hex: string) => string = (text) => text,
  ): EIP1193Provider => ({
    request: async ({ method, params }) => {
      const [hex = ''] = (params ?? []) as string[]
      const text = new TextDecoder().decode(fromHex(hex.slice(2)))
      return method === 'personal_sign' ? written(sign(signed(text, hex))) : '0x1'
    },
  })
  const works = (written: (hex: string) => string) => async (): Promise<void> => {
    const { cacao } = await DIDSession.authorize(ethereumAuth(providerWith(written), ACCOUNT_A, site), {
      resources,
    })
    expect(cacao.s).toMatchObject({ t: 'eip191', s: expect.stringMatching(/^0x[0-9a-f]{128}1[bc]$/) })
    await verifyCacao(cacao, { verifiers: ethereumVerifiers(), issuer: ACCOUNT_A })
  }
  const changes = (signed: (text: string, hex: string) => string) => async (): Promise<void> => {
    const auth = ethereumAuth(
      providerWith((hex) => hex, signed),
      ACCOUNT_A,
      site,
    )
    const { message } = await expectCode(failed, () => DIDSession.authorize(auth, { resources }))
    expect(message).toBe(
      'the wallet signed a different message than it was given: use a wallet that signs messages unchanged',
    )
  }
  reported([
    {
      report: 'dfinity/oisy-wallet#130',
      title: 'returns the signature without 0x',
      test: works((hex) => hex.slice(2)),
    },
    { report: 'ConsenSys-archive/ganache#2583', title: 'returns a high s', test: works(highS) },
    { report: 'LedgerHQ/ledgerjs#466', title: 'returns 0 or 1 as v', test: works(withV((v) => v - 27)) },
    {
      report: 'matter-labs/zksync-sso#170',
      title: 'but not if it signs the digits of the message, and then it is named',
      test: changes((_, hex) => hex),
    },
  ] satisfies Report[])

  it('returns a v with the chain in it, as in transactions', works(withV((v) => v - 27 + 37)))

  it('but not if it changes the line ends, and then it is named', async () => {
    await changes((text) => text.replaceAll('\n', '\r\n'))()
    await changes((text) => `${text}\n`)()
  })

  it('but not if the signature is not of the account, in any of these forms', async () => {
    for (const written of [(hex: string) => hex.slice(2), highS, withV((v) => v + 10)]) {
      const auth = ethereumAuth(providerWith(written), ACCOUNT_B, site)
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => DIDSession.authorize(auth, { resources }))
    }
  })

  it('throws for events that it does not know', async () => {
    const unknown = (): never => {
      throw new Error('there is no such event')
    }
    const events = { on: unknown, removeListener: unknown }
    const provider: EthereumSignerInput = { ...providerWith((hex) => hex), ...events }
    const auth = ethereumAuth(provider, ACCOUNT_A, site)
    expect((await DIDSession.authorize(auth, { resources })).id).toBe(`did:pkh:${ACCOUNT_A}`)
  })
})

describe('a passkey of a password manager works, if the manager', () => {
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
      title: 'has no getPublicKey',
      test: made(with_({ getPublicKey: undefined })),
    },
    {
      report: 'bitwarden/clients#6913',
      title: 'returns an empty key',
      test: made(with_({ getPublicKey: () => new ArrayBuffer(0) })),
    },
    {
      report: 'passwordless-id/webauthn#50',
      title: 'throws when its methods are called',
      test: made(with_({ getPublicKey: fail, getTransports: fail })),
    },
    {
      report: 'passwordless-id/webauthn#30',
      title: 'has neither method',
      test: made(with_({ getPublicKey: undefined, getTransports: undefined })),
    },
    {
      report: 'bitwarden/clients#10649',
      title: 'returns unknown transports',
      test: made(with_({ getTransports: () => ['internal', 'cable', null, 7] })),
    },
  ])
})

describe('a Solana wallet signs in if it returns', () => {
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
      title: 'the signature in base58',
      test: answering(toBase58),
    },
    { report: 'anza-xyz/wallet-adapter#437', title: 'the signature in hex', test: answering(toHex) },
    {
      report: 'anza-xyz/wallet-adapter#526',
      title: 'the message and the signature',
      test: answering((signature, message) => Uint8Array.of(...message, ...signature)),
    },
    {
      report: 'anza-xyz/wallet-adapter#898',
      title: 'an object with the signature',
      test: answering((signature) => ({ signature })),
    },
    {
      report: 'anza-xyz/wallet-adapter#1106',
      title: 'the signed message too',
      test: answering((signature, signedMessage) => ({ signature, signedMessage })),
    },
    {
      report: 'solana-mobile/mobile-wallet-adapter#46',
      title: 'a list of numbers',
      test: answering((signature) => [...signature]),
    },
    {
      report: 'anza-xyz/wallet-adapter#1047',
      title: 'but not a signature over the envelope of a hardware wallet, whose message says so',
      test: async () => {
        const envelope = new TextEncoder().encode('\xffsolana offchain')
        const wallet: SolanaSignerInput = {
          publicKey: { toString: () => toBase58(publicKey) },
          signMessage: async (message) =>
            nacl.sign.detached(Uint8Array.of(...envelope, ...message), secretKey),
        }
        const auth = solanaAuth(wallet, undefined, site)
        const error = await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
          DIDSession.authorize(auth, { resources }),
        )
        expect(error.message).toContain('as hardware wallets do')
      },
    },
  ] satisfies Report[])
})
