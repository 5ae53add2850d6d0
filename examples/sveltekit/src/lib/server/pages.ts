import { sessionCookie } from 'cacao-session/cookie'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { env } from '$env/dynamic/private'

/** How clients reach this app: the same setting that adapter-node has. It is never taken from a request. */
const origin = env['ORIGIN'] ?? 'http://localhost:3000'
const { host, protocol } = new URL(origin)

/** What sessions must be for: what the page asks for when it signs somebody in. */
export const resources = [`${origin}/api/*`]

/** The options of `requireSession` too, for what the page signs. */
export const checks = { verifiers: ethereumVerifiers(), authority: host, domains: [host], resources }

export const pages = sessionCookie({
  ...checks,
  secret: Buffer.from(env['COOKIE_SECRET'] ?? '', 'hex'), // 32 bytes: openssl rand -hex 32
  secure: protocol === 'https:',
})
