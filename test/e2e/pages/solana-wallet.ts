import { testSolanaWallet } from '../../setup/solana-wallet.js'

// A wallet of the Wallet Standard, as a browser extension adds it to every page.
const { wallet } = testSolanaWallet(7)

interface RegisterAPI {
  register(wallet: unknown): void
}

const register = (api: RegisterAPI): void => api.register(wallet)
window.addEventListener('wallet-standard:app-ready', (event) =>
  register((event as CustomEvent<RegisterAPI>).detail),
)
window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: register }))
