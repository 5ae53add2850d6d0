import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { guide } from './pages.js'
import { inline, SIGNING_IN } from './setup.js'

// The clients themselves are tested in test/packed.
it('the API client guide’s fetch signs with the session that is current at each call', () => {
  const output = runFresh(`${SIGNING_IN}
    ${inline(guide('clients', 'signed-fetch'))}
    const sent = []
    globalThis.fetch = async (input, init) => { sent.push(new Request(input, init)); return new Response() }
    const send = () => signedFetch('https://api.example.com/notes/new', { method: 'POST', body: 'beans' })
    await send()
    await DIDSession.get(wallet.account, auth, { resources })
    await send()
    await DIDSession.remove(wallet.account)
    await send()
    console.log(sent.map(({ method, headers }) => method + ' ' + headers.has('signature')).join())`)
  expect(output.trim()).toBe('POST false,POST true,POST false')
})
