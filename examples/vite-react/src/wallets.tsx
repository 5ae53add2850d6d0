import { type DiscoveredWallet, discoverWallets, ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { useSession } from 'cacao-session/react'
import { useEffect, useState } from 'react'

/** A button for each wallet in the page. */
export function Wallets() {
  const wallets = useWallets()
  const { signIn } = useSession()

  // A function, so that the wallet's question whether to connect belongs to signing in too.
  const signInWith = ({ provider }: DiscoveredWallet) =>
    signIn(async () => {
      const account = await ethereumAccount(provider)
      return { account, authMethod: ethereumAuth(provider, account) }
    })

  if (wallets.length === 0)
    return <p>There is no wallet in this browser. Install one, and this page finds it.</p>
  return (
    <ul className="wallets">
      {wallets.map((wallet) => (
        <li key={wallet.uuid}>
          <button type="button" onClick={() => signInWith(wallet)}>
            {wallet.icon && <img src={wallet.icon} alt="" width="24" height="24" />}
            {wallet.name}
          </button>
        </li>
      ))}
    </ul>
  )
}

/** The wallets that announce themselves (EIP-6963), also those that come late. */
function useWallets(): DiscoveredWallet[] {
  const [wallets, setWallets] = useState<DiscoveredWallet[]>([])
  useEffect(() => {
    const leaving = new AbortController()
    const onWallet = (wallet: DiscoveredWallet): void =>
      setWallets((known) => [...known.filter(({ uuid }) => uuid !== wallet.uuid), wallet])
    discoverWallets({ onWallet, signal: leaving.signal }).catch(() => undefined)
    return () => leaving.abort()
  }, [])
  return wallets
}
