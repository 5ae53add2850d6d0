import { keepSignedIn } from 'guide:pages/page'
import { expect, it, onTestFinished } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { noteValue } from '../../src/store/page-cookie.js'
import { replace } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { keepCookiesInMemory } from '../setup/cookie-jar.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

it('the pages guide keeps the cookie of the current session', async () => {
  const asked: string[] = []
  let keyDID = ''
  const server = async (request: Request): Promise<Response> => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`)
    const until = Math.floor(Date.now() / 1000) + 600
    // biome-ignore lint/suspicious/noDocumentCookie: as the server's answer would set it
    document.cookie = `guide-until=${noteValue({ until, secs: 600, keyDID, path: '/session' })}; path=/`
    return Response.json({ account: ACCOUNT_A, expiresInSecs: 600, until })
  }
  onTestFinished(keepCookiesInMemory())
  onTestFinished(replace(globalThis, 'fetch', { value: server, writable: true }))
  expect(await keepSignedIn()).toBeUndefined()
  expect(asked).toEqual([])
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })
  const session = await DIDSession.get(ACCOUNT_A, auth, { resources: ['https://api.example.com/notes/*'] })
  keyDID = session.keyDID
  const kept = await keepSignedIn()
  // Otherwise it would leave this page when the session is signed out.
  kept?.dispose()
  expect(kept?.keyDID).toBe(keyDID)
  expect(asked).toEqual(['POST /session'])
})
