import { createHash } from 'node:crypto'
import { sessionCookie } from 'cacao-session/cookie'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/fetch'
import { fileRevocation } from 'cacao-session/node'

// The host by which browsers reach this server, and 32 random bytes: `openssl rand -hex 32`.
const authority = process.env.AUTHORITY ?? 'localhost:3000'
const secret = process.env.COOKIE_SECRET
  ? Buffer.from(process.env.COOKIE_SECRET, 'hex')
  : createHash('sha256').update('for development only').digest()

// A file, because Next.js gives each part of the app its own copy of this module.
export const revocation = fileRevocation('revoked.json')
const terms = { verifiers: ethereumVerifiers(), authority, domains: [authority], resources: false, revocation }

/** Who navigates: `await pages.read(request)`. */
export const pages = sessionCookie({ ...terms, secret })

/** Lets signed requests through: those of `session.fetch`. */
export const signed = (handler) => requireSession(terms, handler)
