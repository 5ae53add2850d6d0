import { expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

it('keepCookie is for pages: elsewhere it rejects, and signing out does without cookies', async () => {
  const store = memoryStore()
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
  const session = await DIDSession.get(ACCOUNT_A, auth, { resources: ['https://api.example/*'], store })
  const { message } = await expectCode('ERR_ENVIRONMENT', () =>
    session.keepCookie('https://app.example/session'),
  )
  expect(message).toContain('sign requests with session.fetch')
  await session.remove()
  expect(await DIDSession.list({ store })).toEqual([])
})
