import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'

const api = `http://localhost:${Deno.env.get('PORT') ?? 8000}`
const me = `${api}/api/me`

const auth = ethereumAuth(Deno.env.get('PRIVATE_KEY') ?? newKey(), undefined, { domain: 'app.example.com' })
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

async function show(what: string, answer: Promise<Response>): Promise<void> {
  const response = await answer
  console.log(`${what}: ${response.status} ${await response.text()}`)
}

/** A random private key, for a new account. */
function newKey(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(32))]
  return `0x${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
