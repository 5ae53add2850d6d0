import { expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { failureOf } from '../setup/expect-code.js'
import { KEY_A } from '../setup/wallet.js'

const session = () =>
  DIDSession.authorize(ethereumAuth(KEY_A), { resources: [`${location.origin}/*`, 'http://127.0.0.1:1/*'] })

it('the error names what a server of another origin must allow, because the browser does not', async () => {
  const sending = await session()
  const error = await failureOf(() => sending.fetch('http://127.0.0.1:1/notes'))
  expect(error).toBeInstanceOf(TypeError)
  expect(String(error)).toContain(`CORS preflight does not allow ${location.origin}`)
  expect(String(error)).toContain('signature-input')
})

it('the error is unchanged if the caller aborted', async () => {
  const sending = await session()
  const error = await failureOf(() =>
    sending.fetch('http://127.0.0.1:1/notes', { signal: AbortSignal.abort() }),
  )
  expect(String(error)).not.toContain('CORS')
})
