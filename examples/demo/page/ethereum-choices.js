import { discoverWallets, ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'

/** @typedef {import('./wallet-list.js').Choice} Choice */

/**
 * The Ethereum wallets of this browser (EIP-6963), those that appear later too.
 * @param {(choice: Choice) => void} onChoice
 */
export function findEthereum(onChoice) {
  discoverWallets({
    onWallet: ({ provider, name, icon, rdns }) =>
      onChoice({
        id: rdns,
        name,
        icon,
        account: (silent) => ethereumAccount(provider, { silent }),
        auth: (account) => ethereumAuth(provider, account),
      }),
  })
}
