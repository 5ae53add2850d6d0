import type { EIP1193Provider } from '../wallet/ethereum-signer.js'
import { type Repair, repair } from './repair.js'

/** What a wallet says of itself. */
export interface WalletInfo {
  readonly name: string
  readonly rdns: string
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#b45309" d="M0 0h8v8H0z"/></svg>',
)}`

/** Announces a wallet in this page, and again whenever a page asks (EIP-6963), until the repair. */
export function announceWallet({ name, rdns }: WalletInfo, provider: EIP1193Provider): Repair {
  if (typeof window === 'undefined')
    throw new TypeError('wallets are announced in pages, and here is none: hand over wallet.provider')
  const page = window
  const info = Object.freeze({ uuid: crypto.randomUUID(), name, icon: ICON, rdns })
  const detail = Object.freeze({ info, provider })
  const announce = (): void =>
    void page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  page.addEventListener('eip6963:requestProvider', announce)
  announce()
  return repair(() => page.removeEventListener('eip6963:requestProvider', announce))
}
