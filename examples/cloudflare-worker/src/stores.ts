import { env } from 'cloudflare:workers'
import type { Cacao, ReplayStore } from 'cacao-session/verify'

// One object handles one call at a time, so spread the ids over several objects by their last character, which is random.
const idsWith = (id: string, kind: 'used' | 'revoked') => env.IDS.getByName(`${kind} ${id.slice(-1)}`)

/** Remembers which requests were accepted, for all isolates. */
export const replay: ReplayStore = {
  use: (id, expiresAt) => idsWith(id, 'used').add(id, expiresAt),
}

const expiryOf = ({ p: { exp = '9999-12-31T00:00:00Z' } }: Cacao) => Date.parse(exp)

/** Remembers which sessions were revoked, for all isolates. The session's key identifies the session. */
export const revocation = {
  async revoke(cacao: Cacao): Promise<void> {
    const { aud } = cacao.p
    await idsWith(aud, 'revoked').add(aud, expiryOf(cacao))
  },
  async isRevoked(cacao: Cacao): Promise<boolean> {
    const { aud } = cacao.p
    return idsWith(aud, 'revoked').has(aud, expiryOf(cacao))
  },
}
