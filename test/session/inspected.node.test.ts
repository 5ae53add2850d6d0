import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })
const resources = ['https://api.example.com/*']

it('console.log shows a session’s account, expiry and persistence, but no secret', async () => {
  const session = await DIDSession.authorize(auth, { resources })
  const text = session.serialize()
  const seed: string = JSON.parse(Buffer.from(text, 'base64url').toString()).sessionKeySeed
  const signature = String(session.cacao.s.s)
  for (const shown of [
    inspect(session),
    inspect({ session }),
    inspect(session, { depth: 9, showHidden: true }),
  ]) {
    expect(shown).toContain(ACCOUNT_A)
    expect(shown).toContain(session.expiresAt?.toISOString())
    expect(shown).toContain("persistence: 'none'")
    for (const secret of [seed, signature, text]) expect(shown).not.toContain(secret)
  }
})
