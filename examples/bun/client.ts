import { randomBytes } from 'node:crypto'
import { DIDSession } from 'cacao-session'
import { ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { fileStore } from 'cacao-session/node'

const { PORT = '3000', SESSION_FILE = 'session.json' } = Bun.env
const api = `http://localhost:${PORT}`
const me = `${api}/api/me`
const options = { store: fileStore(SESSION_FILE), resources: [`${api}/api/*`] }

// The file keeps the session for later runs, until it expires or is signed out.
const session = (await DIDSession.load(undefined, options)) ?? (await signIn())
console.log(`${session.id} by ${session.keyDID}`)

if (process.argv.includes('--sign-out')) {
  const late = await session.signRequest(new Request(me))
  await session.revoke(`${api}/api/sign-out`)
  await show('Sent after signing out', fetch(late))
} else {
  await show('A public route', fetch(`${api}/about`))
  await show('Without a session', fetch(me))
  await show('With a session', session.fetch(me))
  const signed = await session.signRequest(new Request(me))
  await show('Signed once', fetch(signed.clone()))
  await show('Sent twice', fetch(signed))
}

async function signIn(): Promise<DIDSession> {
  // Without a PRIVATE_KEY, a new account signs in.
  const { PRIVATE_KEY = `0x${randomBytes(32).toString('hex')}` } = Bun.env
  const account = await ethereumAccount(PRIVATE_KEY)
  return DIDSession.get(
    account,
    async (opts) => {
      console.log('Signing in')
      return ethereumAuth(PRIVATE_KEY, account, { domain: 'app.example.com' })(opts)
    },
    options,
  )
}

async function show(what: string, answer: Promise<Response>): Promise<void> {
  const response = await answer
  console.log(`${what}: ${response.status} ${await response.text()}`)
}
