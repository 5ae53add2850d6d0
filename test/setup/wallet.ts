import { privateKeyToAccount } from 'viem/accounts'
import type { EIP1193Provider } from '../../src/wallet/ethereum-signer.js'

/** Well-known keys; nothing of value was ever theirs. */
export const KEY_A = `0x${'11'.repeat(32)}` as const
export const KEY_B = `0x${'22'.repeat(32)}` as const

export const ADDRESS_A = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
export const ACCOUNT_A = 'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a'
export const ACCOUNT_B = 'eip155:1:0x1563915e194d8cfba1943570603f7606a3115508'

/** How a wallet takes a request to sign: it signs, or does or answers what is given. */
export type Behaviour = 'sign' | 'hang' | { throws: unknown } | { answers: unknown }

type WalletListener = (payload: unknown) => void

export interface TestWallet {
  readonly provider: EIP1193Provider & {
    on(event: string, listener: WalletListener): void
    removeListener(event: string, listener: WalletListener): void
  }
  /** The methods it was asked for, in order. */
  readonly calls: string[]
  /** The texts that it was asked to sign. */
  readonly texts: string[]
  behaviour: Behaviour
  /** What it answers to `eth_accounts` and `eth_chainId`. */
  shows: { addresses: unknown; chainId: unknown }
  /** How many listeners its events have. */
  readonly listeners: number
  emit(event: string, payload?: unknown): void
}

/** A wallet that really signs (EIP-191), behind EIP-1193. */
export function testWallet(key: `0x${string}` = KEY_A, { chainId = 1, connected = true } = {}): TestWallet {
  const account = privateKeyToAccount(key)
  const listeners = new Set<readonly [event: string, listener: WalletListener]>()
  const wallet: TestWallet = {
    calls: [],
    texts: [],
    behaviour: 'sign',
    shows: { addresses: connected ? [account.address] : [], chainId: `0x${chainId.toString(16)}` },
    get listeners() {
      return listeners.size
    },
    emit(event, payload) {
      for (const [name, listener] of [...listeners]) if (name === event) listener(payload)
    },
    provider: {
      on: (event, listener) => void listeners.add([event, listener]),
      removeListener(event, listener) {
        const [found] = [...listeners].filter(([name, known]) => name === event && known === listener)
        if (found) listeners.delete(found)
      },
      async request({ method, params }) {
        wallet.calls.push(method)
        if (method === 'eth_chainId') return wallet.shows.chainId
        if (method === 'eth_accounts') return wallet.shows.addresses
        if (method === 'eth_requestAccounts') return [account.address]
        if (method !== 'personal_sign')
          throw Object.assign(new Error(`unsupported ${method}`), { code: 4200 })
        const [raw] = params as [`0x${string}`]
        wallet.texts.push(textOf(raw))
        const { behaviour } = wallet
        if (behaviour === 'hang') return new Promise(() => undefined)
        if (behaviour === 'sign') return account.signMessage({ message: { raw } })
        if ('throws' in behaviour) throw behaviour.throws
        return behaviour.answers
      },
    },
  }
  return wallet
}

/** How often the wallet asked the person to sign. */
export function prompts(wallet: TestWallet): number {
  return wallet.calls.filter((method) => method === 'personal_sign').length
}

function textOf(hex: string): string {
  const bytes = hex.slice(2).match(/../g) ?? []
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)))
}
