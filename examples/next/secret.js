import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

// Creates the secret of the cookies once for this machine. In production, set COOKIE_SECRET on the server.
const FILE = '.env.local'
const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''
if (!process.env.COOKIE_SECRET && !/^COOKIE_SECRET=/m.test(text))
  appendFileSync(FILE, `COOKIE_SECRET=${randomBytes(32).toString('hex')}\n`)
