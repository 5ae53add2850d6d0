import { expect, it } from 'vitest'
import type { Verifiers } from '../../src/capability/verify-signature.js'
import { authorizationOf } from '../../src/http/signature-profile.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { accepting, RESOURCE, type TestSigner, testSigner, URL_OF_NOTES } from '../setup/request-signer.js'

// In Node only: in a browser, whose page all tests share, the first long capability causes the one warning that
// test/http/sign-request waits for.

it('a request verifier caches no capability whose text in the header is longer than 8,192 characters', async () => {
  let checks = 0
  const verifiers: Verifiers = {
    async eip191() {
      checks++
    },
  }
  const verify = requestVerifier({ ...accepting, verifiers })
  /** A signer whose capability has at least this many characters in the header. */
  const withText = async (length: number): Promise<TestSigner> => {
    for (let padding = 5595; ; padding++) {
      const resources = [RESOURCE, `https://api.example.com/${'x'.repeat(padding)}`]
      const by = await testSigner('P-256', { resources })
      if (authorizationOf(by.cacao).length - 'CACAO '.length >= length) return by
    }
  }
  for (const [length, expected] of [
    [8192, 1],
    [8194, 2],
  ] as const) {
    checks = 0
    const by = await withText(length)
    for (let i = 0; i < 2; i++) await verify(await by.sign(new Request(URL_OF_NOTES)))
    expect(checks).toBe(expected)
  }
})
