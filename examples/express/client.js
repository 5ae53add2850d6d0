import { randomBytes } from 'node:crypto'
import { env } from 'node:process'
import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'
import { reasonOf } from './words.js'

// Without a PRIVATE_KEY, a new account signs in.
const { PORT = '3000', PRIVATE_KEY = `0x${randomBytes(32).toString('hex')}` } = env
const api = `http://localhost:${PORT}`
const notes = `${api}/api/notes`

const auth = ethereumAuth(PRIVATE_KEY, undefined, { domain: 'app.example.com' })
const session = await DIDSession.authorize(auth, { resources: [`${api}/api/*`] })

await show('A public route', fetch(`${api}/about`))
await show('Without a session', fetch(notes))
await show('A note', session.fetch(notes, { method: 'POST', ...json({ text: 'Buy cacao beans' }) }))
await show('My notes', session.fetch(notes))

const signed = await session.signRequest(new Request(notes))
await show('Signed once', fetch(signed.clone()))
await show('Sent twice', fetch(signed))

const late = await session.signRequest(new Request(notes))
await session.revoke(`${api}/api/sign-out`)
await show('Sent after signing out', fetch(late))

/** @param {unknown} body */
function json(body) {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/**
 * @param {string} what
 * @param {Promise<Response>} answer
 */
async function show(what, answer) {
  try {
    const response = await answer
    const body = await response.json()
    console.log(`${what}: ${response.ok ? JSON.stringify(body) : reasonOf(body.code)}`)
  } catch (error) {
    console.log(`${what}: ${reasonOf(error.code)}`)
  }
}
