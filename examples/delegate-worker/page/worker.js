import { DIDSession } from 'cacao-session'
import { answer, ask } from './ask.js'
import { ACCOUNT, UPLOADS } from './resources.js'

// The worker has a key of its own, which can't leave it. What that key may do, the page's session says.

/**
 * The worker's session: the one that is kept, or else a new key for which the page is asked.
 * @param {{ account: string, keyDID: string }} page The page's session.
 */
async function sessionUnder({ account, keyDID }) {
  const options = { resources: [UPLOADS], namespace: 'worker' }
  const kept = await DIDSession.load(account, options)
  // Of an earlier sign-in, which may have been revoked since.
  if (kept && kept.cacao.p.iss !== keyDID) await kept.remove()
  return DIDSession.get(account, ({ uri }) => ask(self, { audience: uri }), options)
}

/** @type {Record<string, (session: DIDSession) => Promise<Response>>} */
const WORK = {
  upload: (session) => session.fetch(UPLOADS.replace('*', crypto.randomUUID()), { method: 'PUT' }),
  // Beyond what it may do.
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
