import { keepSignedIn } from 'guide:pages/page'
import { expect, it, onTestFinished } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { replace } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

it('the guide to pages keeps the cookie of whoever is signed in', async () => {
  const asked: string[] = []
  const server = async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`)
    return new Response('later', { status: 503 })
  }
  onTestFinished(replace(globalThis, 'fetch', { value: server, writable: true }))
  expect(await keepSignedIn()).toBeUndefined()
  expect(asked).toEqual([])
  const session = await DIDSession.get(
    ACCOUNT_A,
    ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' }),
    { resources: ['https://api.example.com/notes/*'] },
  )
  await expect(keepSignedIn()).rejects.toMatchObject({ code: 'ERR_COOKIE_FAILED' })
  expect(asked).toEqual(['POST /session'])
  expect(session.isAuthorized()).toBe(true)
})
