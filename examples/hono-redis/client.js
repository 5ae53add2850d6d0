import { randomBytes } from 'node:crypto'
import { env } from 'node:process'
import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'

// Without a PRIVATE_KEY, a new account signs in.
const { PORT = '3000', PRIVATE_KEY = `0x${randomBytes(32).toString('hex')}` } = env
const api = `http://localhost:${PORT}/api`

const auth = ethereumAuth(PRIVATE_KEY, undefined, { domain: 'app.example.com' })
const session = await DIDSession.authorize(auth, { resources: [`${api}/*`] })
const request = () => session.signRequest(new Request(`${api}/me`))

const signed = await request()
await show('A request', signed.clone())
await show('The same again', signed)

const late = await Promise.all([request(), request(), request()])
await session.revoke(`${api}/sign-out`)
for (const lateRequest of late) await show('After signing out', lateRequest)

/**
 * @param {string} what
 * @param {Request} request
 */
async function show(what, request) {
  const response = await fetch(request)
  console.log(`${what}, to ${response.headers.get('x-process')}: ${response.status} ${await response.text()}`)
}
