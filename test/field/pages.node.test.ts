import { describe, expect } from 'vitest'
import { sessionCookie } from '../../src/cookie/index.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { cookieSite, cookiesOf, NAME, SECRET } from '../cookie/cookie-site.js'
import { NOW, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'
import { reported } from './reported.js'

// Problems that were reported about session cookies of server-rendered pages.

/** A session whose capability is longer by so many characters. */
const ofSize = (characters: number) =>
  testSigner('P-256', { resources: [`https://api.example.com/${'a'.repeat(characters)}`] })
const namesIn = (cookies: string): string[] => cookies.split('; ').map((pair) => pair.split('=')[0] ?? '')

describe('reports about cookies of pages', () => {
  reported([
    {
      report: 'reown-com/web-examples#767',
      title: 'a server component can read the session',
      async test() {
        const site = await cookieSite()
        const headers = new Headers({ cookie: await site.cookies() })
        expect(await site.pages.read(headers)).toMatchObject({ account: ACCOUNT_A })
      },
    },
    {
      report: 'alchemyplatform/aa-sdk#958',
      title: 'a changed cookie is refused',
      async test() {
        const site = await cookieSite()
        const cookies = await site.cookies()
        expect(await site.visit(cookies)).toBe(ACCOUNT_A)
        expect(await site.visit(`${NAME}=${ACCOUNT_A}`)).toBe('undefined')
        const [, sealed = ''] = /\.1\.([^;]*)/.exec(cookies) ?? []
        for (let at = 0; at < sealed.length; at += 97) {
          const other = sealed[at] === 'A' ? 'B' : 'A'
          const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
          expect(await site.visit(cookies.replace(sealed, changed))).toBe('undefined')
        }
      },
    },
    {
      report: 'better-auth/better-auth#8585',
      title: 'a cookie is split before it is too long for browsers, with its attributes',
      async test() {
        const site = await cookieSite()
        const counts = new Set<number>()
        for (let size = 2000; size < 3200; size += 40) {
          const response = await site.post(await ofSize(size))
          const lines = response.headers.getSetCookie()
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(4093)
          counts.add(lines.length)
          expect(await site.visit(cookiesOf(response))).toBe(ACCOUNT_A)
        }
        expect([...counts].sort()).toEqual([2, 3])
      },
    },
    {
      report: 'auth0/nextjs-auth0#303',
      title: 'a small cookie and the parts of a large one replace each other',
      async test() {
        const site = await cookieSite()
        const [small, large] = [await ofSize(10), await ofSize(4000)]
        let cookies = ''
        for (const signer of [small, large, small, large]) {
          cookies = cookiesOf(await site.post(signer, { cookie: cookies }), cookies)
          const parts = signer === large ? [NAME, `${NAME}$1`] : [NAME]
          expect(namesIn(cookies).sort()).toEqual([...parts, `${NAME}-until`].sort())
          expect(await site.pages.read(cookies)).toMatchObject({ keyDID: signer.key.did })
        }
      },
    },
    {
      report: 'auth0/nextjs-auth0#303',
      title: 'parts of two cookies are not combined',
      async test() {
        const site = await cookieSite()
        const [one, two] = [await site.cookies(await ofSize(4000)), await site.cookies(await ofSize(4000))]
        const [first] = one.split('; ')
        const [, second] = two.split('; ')
        expect(await site.visit(one)).toBe(ACCOUNT_A)
        expect(await site.visit(`${first}; ${second}`)).toBe('undefined')
      },
    },
    {
      report: 'directus/directus#22360',
      title: 'two tabs that renew a cookie at the same time both stay signed in',
      async test() {
        const site = await cookieSite()
        const before = await site.cookies()
        const answers = await Promise.all([site.post(), site.post()])
        expect(answers.map(({ status }) => status)).toEqual([200, 200])
        // With either response as the last one, and with the old cookie of a request sent before both.
        for (const cookies of [before, ...answers.map((answer) => cookiesOf(answer, before))])
          expect(await site.visit(cookies)).toBe(ACCOUNT_A)
      },
    },
    {
      report: 'letsrevel/revel-frontend#950',
      title: 'a refused renewal does not delete the cookie',
      async test() {
        const site = await cookieSite()
        const cookies = await site.cookies()
        const signed = await site.signer.sign(
          new Request('https://app.example.com/session', { method: 'POST' }),
          NOW,
        )
        expect((await site.pages.handler(signed.clone())).status).toBe(200)
        const refused = await site.pages.handler(signed)
        expect([refused.status, refused.headers.getSetCookie()]).toEqual([401, []])
        expect(await site.visit(cookies)).toBe(ACCOUNT_A)
      },
    },
    {
      report: 'blockchain-lab-um/masca#552',
      title: 'pages show the new account after the account changed',
      async test() {
        const site = await cookieSite()
        const cookies = await site.cookies()
        const other = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)
        expect(await site.visit(cookiesOf(await site.post(other, { cookie: cookies }), cookies))).toBe(
          ACCOUNT_B,
        )
      },
    },
    {
      report: 'webcompat/web-bugs#142566',
      title: 'a cookie for http://localhost has no Secure attribute, for Safari',
      async test() {
        const terms = {
          secret: SECRET,
          verifiers: ethereumVerifiers(),
          authority: 'localhost:3000',
          domains: ['localhost:3000'],
          resources: false as const,
        }
        const local = sessionCookie({ ...terms, secure: false })
        const cleared = await local.handler(
          new Request('http://localhost:3000/session', {
            method: 'DELETE',
            headers: { origin: 'http://localhost:3000' },
          }),
        )
        expect(cleared.status).toBe(204)
        for (const line of cleared.headers.getSetCookie()) expect(line).not.toMatch(/Secure|__Host-/)
        expect(() => sessionCookie({ ...terms, authority: 'app.example.com', secure: false })).toThrow(
          'secure',
        )
      },
    },
  ])
})
