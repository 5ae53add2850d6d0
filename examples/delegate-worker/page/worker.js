import { DIDSession } from 'cacao-session'
import { answer, ask } from './ask.js'
import { ACCOUNT, UPLOADS } from './resources.js'

// The worker has its own key, which can't be exported. The page's session decides what that key may do.

/**
 * Returns the worker's session: the stored session, or else a new one, for which the page signs a capability.
 * @param {{ account: string, keyDID: string }} page The page's session.
 */
async function sessionUnder({ account, keyDID }) {
  const options = { resources: [UPLOADS], namespace: 'worker' }
  const kept = await DIDSession.load(account, options)
  // A session of an earlier sign-in may have been revoked.
  if (kept && kept.cacao.p.iss !== keyDID) await kept.remove()
  return DIDSession.get(account, ({ uri }) => ask(self, { audience: uri }), options)
}

/** @type {Record<string, (session: DIDSession) => Promise<Response>>} */
const WORK = {
  upload: (session) => session.fetch(UPLOADS.replace('*', crypto.randomUUID()), { method: 'PUT' }),
  // The worker's capability does not cover this.
  readAccount: (session) => session.fetch(ACCOUNT),
}

answer(self, async ({ work, page }) => {
  try {
    const session = await sessionUnder(page)
    const response = await WORK[work](session)
    const { authorizations, keyDID, expiresInSecs } = session
    return {
      status: response.status,
      ...(await response.json()),
      session: { authorizations, keyDID, expiresInSecs },
    }
  } catch (error) {
    return { code: /** @type {{ code?: string }} */ (error).code ?? String(error) }
  }
})
