import type { EIP1193Provider } from './wallet/ethereum/signer.js'

declare global {
  interface Window {
    /**
     * The wallet that was installed last, and `undefined` where there is none. `ethereumAccount` and `ethereumAuth` take both.
     * `discoverWallets` finds every wallet of the page.
     */
    ethereum?: EIP1193Provider | undefined
  }
}
