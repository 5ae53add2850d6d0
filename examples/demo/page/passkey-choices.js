import { createPasskey, knownPasskeys, webauthnAccount, webauthnAuth } from 'cacao-session/webauthn'
import { passkeyIcon } from './passkey-icon.js'

/** @typedef {import('./wallet-list.js').Choice} Choice */

/**
 * The passkeys that this browser knows, another one, and a new one; nothing where there are none.
 * @param {(choice: Choice) => void} onChoice
 */
export async function findPasskeys(onChoice) {
  if (typeof PublicKeyCredential === 'undefined') return
  const icon = passkeyIcon
  /** @param {string} account */
  const auth = (account) => webauthnAuth(account)
  const known = await knownPasskeys()
  known.forEach(({ account, name = 'Passkey' }, i) => {
    onChoice({ id: `passkey-${i + 1}`, name, icon, account: async () => account, auth })
  })
  onChoice({
    id: 'passkey-other',
    name: known.length > 0 ? 'Another passkey' : 'Passkey',
    icon,
    account: async (silent) => (silent ? undefined : webauthnAccount()),
    auth,
  })
  onChoice({
    id: 'passkey-new',
    name: 'New passkey',
    icon,
    account: async (silent) =>
      silent ? undefined : createPasskey({ name: `Demo passkey ${known.length + 1}` }),
    auth,
  })
}
