import { discoverSolanaWallets, solanaAccount, solanaAuth } from 'cacao-session/solana'

/** @typedef {import('./wallet-list.js').Choice} Choice */

/**
 * The Solana wallets of this browser (Wallet Standard), those that appear later too.
 * @param {(choice: Choice) => void} onChoice
 */
export function findSolana(onChoice) {
  discoverSolanaWallets({
    onWallet: ({ wallet, name, icon }) =>
      onChoice({
        id: `solana-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
        name,
        icon,
        account: (silent) => solanaAccount(wallet, { silent }),
        auth: (account) => solanaAuth(wallet, account),
      }),
  })
}
