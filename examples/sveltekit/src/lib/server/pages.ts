import { sessionCookie } from 'cacao-session/cookie'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { env } from '$env/dynamic/private'

/** How clients reach this app, as set for adapter-node. Never take this from a request, whose sender writes the Host header. */
const origin = env['ORIGIN'] ?? 'http://localhost:3000'
const { host, protocol } = new URL(origin)

/** What sessions must allow. The page asks for these resources when a person signs in. */
export const resources = [`${origin}/api/*`]

/** Also the options of `requireSession`, for the requests that the page signs. */
export const checks = { verifiers: ethereumVerifiers(), authority: host, domains: [host], resources }

export const pages = sessionCookie({
  ...checks,
  secret: Buffer.from(env['COOKIE_SECRET'] ?? '', 'hex'), // 32 bytes: openssl rand -hex 32
  secure: protocol === 'https:',
})
