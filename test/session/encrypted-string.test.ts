import { expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { KEY_A } from '../setup/wallet.js'

// This file tests each engine's own ciphers; encrypted-string.node.test.ts tests the rest.

const auth = ethereumAuth(KEY_A, undefined, { domain: 'script.example' })
const password = 'correct horse battery staple'

it('an encrypted session string is read with its password, and refused with another or none', async () => {
  const session = await DIDSession.authorize(auth, { resources: ['https://api.example/notes/*'] })
  const text = await session.serialize({ password })
  const copy = await DIDSession.fromSession(text, { password })
  expect([copy.keyDID, copy.cacao]).toEqual([session.keyDID, session.cacao])
  expect(copy.serialize()).toBe(session.serialize())
  for (const wrong of ['Correct horse battery staple', undefined])
    await expectCode('ERR_SESSION_STRING', () =>
      DIDSession.fromSession(text, wrong === undefined ? {} : { password: wrong }),
    )
  const last = text.endsWith('A') ? 'Q' : 'A'
  await expectCode('ERR_SESSION_STRING', () => DIDSession.fromSession(text.slice(0, -1) + last, { password }))
})
