import { describe, expect, it } from 'vitest'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { AUDIENCE } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { KEY_A } from '../setup/wallet.js'

const opts = { uri: AUDIENCE, resources: ['a:b'] }

describe.runIf(typeof location === 'undefined')('without a location', () => {
  it('the auth method rejects with ERR_ENVIRONMENT unless a domain is given', async () => {
    const wallet = testWallet()
    await expectCode('ERR_ENVIRONMENT', () => ethereumAuth(wallet.provider)(opts))
    expect(wallet.prompts).toBe(0)
    expect((await ethereumAuth(KEY_A, undefined, { domain: 'script.example' })(opts)).p.domain).toBe(
      'script.example',
    )
  })
})

describe.runIf(typeof location !== 'undefined')('in a page', () => {
  it('the domain is the host of the page with its port', async () => {
    expect(location.port).not.toBe('')
    expect((await ethereumAuth(KEY_A)(opts)).p.domain).toBe(`${location.hostname}:${location.port}`)
  })
})
