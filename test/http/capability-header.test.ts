import { beforeAll, describe, expect, it, vi } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/index.js'
import { testServer } from '../../src/testing/fake-server.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { accepting } from '../setup/request-signer.js'

// A site behind Basic auth uses `Authorization` for that.

const BASIC = 'Basic dXNlcjpwYXNz'
const URL_OF_NOTES = 'https://api.example.com/notes/1'
let session: DIDSession
beforeAll(async () => {
  session = await DIDSession.authorize(
    ethereumAuth(testWallet().provider, undefined, { domain: 'app.example.com' }),
    {
      resources: ['https://api.example.com/*'],
    },
  )
})
const options = {
  verifiers: accepting.verifiers,
  authority: 'api.example.com',
  domains: ['app.example.com'],
  resources: false as const,
}

describe('a capability in a header of its own', () => {
  it('leaves Authorization free, and is accepted by a server with the same option', async () => {
    const server = testServer({ domains: ['app.example.com'], capabilityHeader: 'X-Capability' })
    const restore = server.install()
    try {
      const init = {
        method: 'POST',
        body: 'x',
        headers: { authorization: BASIC },
        capabilityHeader: 'X-Capability',
      }
      const answer = await session.fetch(URL_OF_NOTES, init)
      expect(answer.status).toBe(200)
      // A cache must not give it to another caller.
      expect(answer.headers.get('vary')).toBe('X-Capability')
      expect(server.calls[0]?.request.headers.get('authorization')).toBe(BASIC)
      expect(server.calls[0]?.request.headers.get('x-capability')).toMatch(/^CACAO /)
    } finally {
      restore()
    }
  })

  // In a browser, location can't be replaced.
  it.runIf(typeof document === 'undefined')(
    'is named in the error as a header that CORS must allow',
    async () => {
      vi.stubGlobal('document', {})
      vi.stubGlobal('location', new URL('https://app.example.com'))
      vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
      const refusal = (init = {}) => failureOf(() => session.fetch(URL_OF_NOTES, init)).then(String)
      try {
        const custom = await refusal({ capabilityHeader: 'X-Capability' })
        expect(custom).toContain('to send the headers x-capability, content-digest')
        expect(custom).not.toContain('authorization')
        expect(await refusal()).toContain('to send the headers authorization, content-digest')
      } finally {
        vi.unstubAllGlobals()
      }
    },
  )

  it('is signed: another capability in it, or in Authorization, is refused', async () => {
    const verify = requestVerifier({ ...options, capabilityHeader: 'x-capability' })
    const signed = () => session.signRequest(new Request(URL_OF_NOTES), { capabilityHeader: 'x-capability' })
    await verify(await signed())
    const other = await DIDSession.authorize(
      ethereumAuth(testWallet().provider, undefined, { domain: 'app.example.com' }),
      { resources: ['https://api.example.com/*'] },
    )
    const foreign = await other.signRequest(new Request(URL_OF_NOTES), { capabilityHeader: 'x-capability' })
    const swapped = await signed()
    swapped.headers.set('x-capability', foreign.headers.get('x-capability') ?? '')
    await expectCode('ERR_REQUEST_SIGNATURE', () => verify(swapped))
    const moved = await session.signRequest(new Request(URL_OF_NOTES))
    moved.headers.set('x-capability', moved.headers.get('authorization') ?? '')
    await expectCode('ERR_REQUEST_SIGNATURE', () => verify(moved))
  })

  it('is read only by a server with the option, which then ignores Authorization', async () => {
    const elsewhere = await session.signRequest(new Request(URL_OF_NOTES), {
      capabilityHeader: 'x-capability',
    })
    await expectCode('ERR_REQUEST_UNSIGNED', () => requestVerifier(options)(elsewhere))
    const usual = await session.signRequest(new Request(URL_OF_NOTES))
    await expectCode('ERR_REQUEST_UNSIGNED', () =>
      requestVerifier({ ...options, capabilityHeader: 'x-capability' })(usual),
    )
  })

  it('does not replace a header that the request already has', async () => {
    for (const [headers, capabilityHeader] of [
      [{ authorization: BASIC }, undefined],
      [{ 'x-capability': 'mine' }, 'x-capability'],
    ] as const) {
      const failure = await failureOf(() =>
        session.signRequest(new Request(URL_OF_NOTES, { headers }), { capabilityHeader }),
      )
      expect(failure).toMatchObject({ name: 'TypeError' })
    }
  })

  it.each([
    '',
    'Host',
    'cookie',
    'Signature',
    'content-digest',
    'Sec-Capability',
    'proxy-authorization',
    'a b',
    'ä',
    1,
    null,
  ])('can not be named %j, on either side', async (capabilityHeader) => {
    const named = { name: 'TypeError', message: expect.stringContaining('capabilityHeader') }
    expect(
      await failureOf(async () => requestVerifier({ ...options, capabilityHeader } as never)),
    ).toMatchObject(named)
    expect(
      await failureOf(() => session.signRequest(new Request(URL_OF_NOTES), { capabilityHeader } as never)),
    ).toMatchObject(named)
  })
})
