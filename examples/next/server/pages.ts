import { type Caller, sessionCookie } from 'cacao-session/cookie'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { headers } from 'next/headers'

const host = process.env['APP_HOST'] ?? 'localhost:3000'
const isLocal = host.startsWith('localhost:')

// How clients reach this app. It is never taken from a request.
const origin = `${isLocal ? 'http' : 'https'}://${host}`

/** What sessions must be for: what the page asks for when it signs somebody in. */
export const resources = [`${origin}/api/*`]

const checks = { verifiers: ethereumVerifiers(), authority: host, domains: [host], resources }

export const pages = sessionCookie({
  ...checks,
  secret: Buffer.from(process.env['COOKIE_SECRET'] ?? '', 'hex'), // 32 bytes: openssl rand -hex 32
  secure: !isLocal,
})

/** The options of `requireSession`, for what the page signs. */
export const signed = checks

/**
 * Returns the person who is signed in; `undefined` if there is none. In a server action, pass `POST` as `method`: then the browser must
 * also say that the request comes from a page of this app.
 */
export async function currentCaller(method: 'GET' | 'POST' = 'GET'): Promise<Caller | undefined> {
  const caller = await pages.read(await headers(), { method })
  return caller === 'stale' ? undefined : caller
}
