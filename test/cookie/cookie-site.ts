import { type SessionCookie, type SessionCookieOptions, sessionCookie } from '../../src/cookie/index.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { NOW, type TestSigner, testSigner } from '../setup/request-signer.js'

/** The secret of the servers in these tests. */
export const SECRET: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i)
export const ORIGIN = 'https://app.example.com'
export const SESSION_URL = `${ORIGIN}/session`
/** The cookie's name. */
export const NAME = '__Host-cacao-session'

/** A server for pages that accepts the signatures of a `TestSigner`. Tests set its clock. */
export interface CookieSite {
  readonly pages: SessionCookie
  readonly signer: TestSigner
  /** The server's time, in milliseconds since 1970. */
  time: number
  /** Sends the session's request for its cookie, and returns the answer. */
  post(signer?: TestSigner, headers?: Record<string, string>): Promise<Response>
  /** The `Cookie` header of a browser whose session has set its cookie. */
  cookies(signer?: TestSigner): Promise<string>
  /** Returns the server's verdict about a navigation with these cookies. */
  visit(
    cookies: string | undefined,
    request?: { method?: string; headers?: Record<string, string> },
  ): Promise<string>
}

export async function cookieSite(
  options: Partial<SessionCookieOptions> = {},
  signer?: TestSigner,
): Promise<CookieSite> {
  const own = signer ?? (await testSigner())
  const site: CookieSite = {
    signer: own,
    time: NOW,
    pages: sessionCookie({
      secret: SECRET,
      verifiers: ethereumVerifiers(),
      authority: 'app.example.com',
      domains: ['example.com'],
      resources: false,
      debug: false,
      now: () => site.time,
      ...options,
    }),
    async post(by: TestSigner = own, headers: Record<string, string> = {}): Promise<Response> {
      const signed = await by.sign(new Request(SESSION_URL, { method: 'POST' }), site.time)
      for (const [name, value] of Object.entries(headers)) signed.headers.set(name, value)
      return site.pages.handler(signed)
    },
    async cookies(by?: TestSigner): Promise<string> {
      return cookiesOf(await site.post(by))
    },
    async visit(cookies: string | undefined, { method = 'GET', headers = {} } = {}): Promise<string> {
      const request = new Request(`${ORIGIN}/account`, {
        method,
        headers: { ...headers, ...(cookies && { cookie: cookies }) },
      })
      const verdict = await site.pages.read(request)
      return typeof verdict === 'object' ? verdict.account : String(verdict)
    },
  }
  return site
}

/** The `Cookie` header that a browser sends after this answer: `before`, changed by the `Set-Cookie` headers. */
export function cookiesOf(response: Response, before = ''): string {
  const jar = new Map(before.split('; ').map((pair) => [pair.split('=')[0] ?? '', pair] as const))
  for (const line of response.headers.getSetCookie()) {
    const pair = line.split(';')[0] ?? ''
    const name = pair.split('=')[0] ?? ''
    if (/; Max-Age=0(?:;|$)/.test(line)) jar.delete(name)
    else jar.set(name, pair)
  }
  jar.delete('')
  return [...jar.values()].join('; ')
}
