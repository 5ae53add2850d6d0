import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { requestVerifier, type VerifiedRequest } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/index.js'
import { type WebAuthnVerifierOptions, webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import { expectCode } from '../setup/expect-code.js'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import type { Outcome, PasskeyPage, SignedRequest } from './pages/passkey-page.js'
import { type PageServer, servePage } from './server.js'
import { addAuthenticator, type VirtualAuthenticator } from './virtual-authenticator.js'

const resources = ['https://api.example.com/*']
const verifiers = webauthnVerifiers()

let server: PageServer
let browser: Browser
beforeAll(async () => {
  server = await servePage('passkey.ts')
})
afterAll(() => server.close())

const outcome = (name: keyof PasskeyPage, ...args: unknown[]): Promise<Outcome> =>
  browser.page.evaluate((name, args) => globalThis.passkeyPage.run(name, args), name, args)

async function run<Name extends keyof PasskeyPage>(
  name: Name,
  ...args: Parameters<PasskeyPage[Name]>
): Promise<Awaited<ReturnType<PasskeyPage[Name]>>> {
  const result = await outcome(name, ...args)
  if ('code' in result) throw new Error(`${result.code}: ${result.message}`)
  return result.value as Awaited<ReturnType<PasskeyPage[Name]>>
}

/** Opens the page, and waits for its script. */
async function visit(origin: string): Promise<void> {
  await browser.page.goto(origin)
  await browser.page.waitFor(() => 'passkeyPage' in globalThis)
}

function openIn(engine: Parameters<typeof openBrowser>[0]): void {
  beforeAll(async () => {
    browser = await openBrowser(engine)
  })
  afterAll(() => browser.close())
}

/** The capability in a session string, which is new to the server. */
async function capabilityIn(text: string): Promise<Cacao> {
  return (await DIDSession.fromSession(text)).cacao
}

describeEngines(
  'a passkey',
  (engine) => {
    openIn(engine)
    let domain: string
    let authenticator: VirtualAuthenticator
    beforeEach(async () => {
      domain = `localhost:${server.port}`
      authenticator = await addAuthenticator(browser)
      await visit(server.origin)
      await run('forget')
    })

    const verify = (cacao: unknown, options: WebAuthnVerifierOptions = {}): Promise<Cacao> =>
      verifyCacao(cacao, { verifiers: webauthnVerifiers(options), domains: [domain], resources })
    const receive = ({ url, headers }: SignedRequest): Promise<VerifiedRequest> =>
      requestVerifier({ verifiers, authority: 'api.example.com', domains: [domain], resources })(
        new Request(url, { headers: headers.map(([name, value]): [string, string] => [name, value]) }),
      )

    it('is created, signs in once, and not again after a reload; the server verifies it', async () => {
      const account = await run('create', 'alice')
      const [made = 0] = await authenticator.signatures()
      const session = await run('get', account)
      expect([session.id, await authenticator.signatures()]).toEqual([account, [made + 1]])
      expect((await receive(session.request)).account).toBe(account)
      await browser.page.reload()
      await browser.page.waitFor(() => 'passkeyPage' in globalThis)
      const again = await run('get', account)
      expect([again.keyDID, await authenticator.signatures()]).toEqual([session.keyDID, [made + 1]])
      expect((await receive(again.request)).account).toBe(account)
    })

    it('on another device needs one gesture for a known account, and two to find an unknown one', async () => {
      const account = await run('create', 'alice')
      const [made = 0] = await authenticator.signatures()
      await run('forget', account)
      expect((await run('get', account)).id).toBe(account)
      expect(await authenticator.signatures()).toEqual([made + 1])
      await run('forget', account)
      expect(await run('choose')).toBe(account)
      expect(await authenticator.signatures()).toEqual([made + 3])
      expect(await run('choose')).toBe(account)
      expect(await authenticator.signatures()).toEqual([made + 4])
      const cacao = await capabilityIn(await run('authorize'))
      expect((await verify(cacao)).p.iss).toBe(account)
      expect(await authenticator.signatures()).toEqual([made + 5])
    })

    it('is recognized among two without asking', async () => {
      const first = await run('create', 'first')
      const [before = 0] = await authenticator.signatures()
      const second = await run('create', 'second')
      await authenticator.signatures()
      expect((await run('get', first)).id).toBe(first)
      expect(await authenticator.signatures()).toEqual([before + 1, before])
      expect((await run('get', second)).id).toBe(second)
      expect(await authenticator.signatures()).toEqual([before + 1, before + 1])
      expect(await run('known')).toEqual(['second', 'first'])
      // If the person may choose, this authenticator always chooses the same passkey.
      const chosen = await run('choose')
      expect([first, second]).toContain(chosen)
      const other = chosen === first ? second : first
      await run('forget', other)
      expect(await outcome('get', other)).toMatchObject({ code: 'ERR_CAPABILITY_SIGNATURE' })
    })

    it('without user verification is refused, unless the options allow it', async () => {
      const account = await run('create', 'alice')
      await authenticator.setUserVerified(false)
      expect(await outcome('authorize', account, { timeoutMs: 1000 })).toMatchObject({
        code: 'ERR_AUTH_REJECTED',
      })
      const lax = await run('authorize', account, { userVerification: 'discouraged' })
      const cacao = await capabilityIn(lax)
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(cacao))
      await verify(cacao, { requireUserVerification: false })
    })

    it('can not sign for another domain, even if the page names it', async () => {
      const account = await run('create', 'alice')
      const cacao = await capabilityIn(await run('authorize', account, { domain: 'bank.example.com' }))
      domain = 'bank.example.com'
      await expectCode('ERR_CAPABILITY_DOMAIN', () => verify(cacao))
      await expectCode('ERR_CAPABILITY_DOMAIN', () => verify(cacao, { origins: [server.origin] }))
      await verify(cacao, { origins: [server.origin], rpIds: ['localhost'] })
      await visit(server.otherOrigin)
      for (const name of ['create', 'choose'] as const)
        expect(await outcome(name, 'mallory')).toMatchObject({ code: 'ERR_AUTH_FAILED' })
      expect(await outcome('get', account)).toMatchObject({ code: 'ERR_AUTH_FAILED' })
    })

    it('signs one capability, and its assertion fits no other', async () => {
      const account = await run('create', 'alice')
      const [one, other] = [
        await capabilityIn(await run('authorize', account)),
        await capabilityIn(await run('authorize', account)),
      ]
      await verify(one)
      await verify(other)
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify({ ...other, s: one.s }))
    })

    it('prompt can be aborted', async () => {
      expect(await outcome('chooseAndLeave')).toMatchObject({ code: 'TestReason' })
    })
  },
  ['chromium'],
)

describeEngines(
  'passkeys without an authenticator,',
  (engine) => {
    openIn(engine)

    it('are refused on an IP address, and the prompt can be aborted', async () => {
      await visit(server.origin)
      expect(await outcome('chooseAndLeave')).toMatchObject({ code: 'TestReason' })
      await visit(server.otherOrigin)
      for (const name of ['create', 'choose'] as const)
        expect(await outcome(name, 'mallory')).toMatchObject({ code: 'ERR_AUTH_FAILED' })
    })
  },
  ['firefox'],
)

describeEngines(
  'passkeys in an engine without WebAuthn,',
  (engine) => {
    openIn(engine)

    it('are reported as missing', async () => {
      await visit(server.origin)
      const account = 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169'
      const calls = [outcome('create', 'alice'), outcome('choose'), outcome('get', account)]
      for (const result of await Promise.all(calls))
        expect(result).toMatchObject({ code: 'ERR_ENVIRONMENT', message: expect.stringMatching(/WebAuthn/) })
      expect(await run('known')).toEqual([])
    })
  },
  ['webkitgtk'],
)
