import { randomBytes } from 'node:crypto'
import { env } from 'node:process'
import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'

// Without a PRIVATE_KEY, a new account signs in.
const { PORT = '8787', PRIVATE_KEY = `0x${randomBytes(32).toString('hex')}` } = env
const api = `http://localhost:${PORT}`
const me = `${api}/api/me`

const auth = ethereumAuth(PRIVATE_KEY, undefined, { domain: 'app.example.com' })
const session = await DIDSession.authorize(auth, { resources: [`${api}/api/*`] })

await show('A public route', fetch(`${api}/about`))
await show('Without a session', fetch(me))
await show('With a session', session.fetch(me))

const signed = await session.signRequest(new Request(me))
await show('Signed once', fetch(signed.clone()))
await show('Sent twice', fetch(signed))

const late = await session.signRequest(new Request(me))
await session.revoke(`${api}/api/sign-out`)
await show('Sent after signing out', fetch(late))

/**
 * @param {string} what
 * @param {Promise<Response>} answer
 */
async function show(what, answer) {
  const response = await answer
  console.log(`${what}: ${response.status} ${await response.text()}`)
}
