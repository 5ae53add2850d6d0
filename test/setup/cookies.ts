import { DIDSession } from '../../src/session/did-session.js'
import type { CookieStoreOptions } from '../../src/store/cookie-format.js'
import { type CookieSource, type CookieStore, cookieStore } from '../../src/store/cookie-store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A, KEY_A } from './wallet.js'

const resources = ['https://api.example/notes/*']
const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })

/** The secret with which the servers of these tests seal cookies. */
export const SECRET: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i)

/** The verifiers and domains of these servers. */
export const trustOptions = { verifiers: ethereumVerifiers(), domains: ['app.example'] }

/** The cookie store of a request, sealed with `SECRET` unless the options say otherwise. */
export function sealedCookies(request: CookieSource, options: Partial<CookieStoreOptions> = {}): CookieStore {
  return cookieStore(request, { secret: SECRET, ...options })
}

/** The `Cookie` header that a browser sends after these `Set-Cookie` headers. */
export function headerOf(cookies: CookieStore, before = ''): string {
  const jar = new Map(before.split('; ').map((pair) => pair.split('=', 2) as [string, string]))
  for (const cookie of cookies.setCookies()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    if (/; Max-Age=0(;|$)/.test(cookie)) jar.delete(name)
    else jar.set(name, value)
  }
  return [...jar]
    .filter(([name]) => name !== '')
    .map((pair) => pair.join('='))
    .join('; ')
}

/** A cookie store with a signed-in account. */
export async function cookiesOfSession(
  options: Partial<CookieStoreOptions> = {},
  expiresInSecs = 3600,
): Promise<CookieStore> {
  const cookies = sealedCookies(undefined, options)
  await DIDSession.get(ACCOUNT_A, auth, {
    resources,
    store: stringStore(cookies),
    expiresInSecs,
    ...trustOptions,
  })
  return cookies
}
