import { env } from 'cloudflare:workers'
import type { Cacao, ReplayStore } from 'cacao-session/verify'

// One object does what it is asked one after the other, so there are many: ids end in random characters.
const idsWith = (id: string, kind: 'used' | 'revoked') => env.IDS.getByName(`${kind} ${id.slice(-1)}`)

/** Which requests were accepted, for all isolates. */
export const replay: ReplayStore = {
  use: (id, expiresAt) => idsWith(id, 'used').add(id, expiresAt),
}

/** Who has signed out, for all isolates: by the session's key, which no other session has. */
export const revocation = {
  async revoke({ p: { aud, exp = '9999-12-31T00:00:00Z' } }: Cacao): Promise<void> {
    await idsWith(aud, 'revoked').add(aud, Date.parse(exp))
  },
  isRevoked: async ({ p: { aud } }: Cacao): Promise<boolean> => idsWith(aud, 'revoked').has(aud),
}
