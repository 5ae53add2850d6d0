import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline, PAGE } from './setup.js'

// With Ceramic's own packages: test/packed/ceramic.test.ts.
it('the Ceramic guide’s example signs in, and its DID signs for the account', () => {
  const output = runFresh(`${PAGE}
    import { ethereumVerifiers } from 'cacao-session/ethereum'
    import { verifyJWS } from 'cacao-session/verify'
    import { decode } from '@ipld/dag-cbor'
    ${inline(guide('ceramic', 'sign-in'))}
    const did = await signIn()
    const { jws, cacaoBlock } = await did.createDagJWS({ text: 'a note' })
    const capability = decode(cacaoBlock)
    const { issuer } = await verifyJWS(jws, { capability, verifiers: ethereumVerifiers(), resources: ['ceramic://*'] })
    console.log(issuer === did.parent, wallet.texts[0].split('\\n')[1])
    process.exit()`)
  expect(output.trim()).toBe(`true ${ACCOUNT_A.split(':')[2]}`)
})
