import { env } from 'node:process'
import { DIDSession } from 'cacao-session'
import { ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { fileStore } from 'cacao-session/node'

// The first time: PRIVATE_KEY=0x… npm start
// From then on:                   npm start

const store = fileStore(env.SESSION_FILE || 'session.json')
const resources = ['https://api.example.com/notes/*']

const session = (await DIDSession.load(undefined, { store, resources })) ?? (await signIn())
console.log(`${session.id} by ${session.keyDID}`)
console.log(`until ${session.expiresAt?.toISOString()}`)

async function signIn() {
  const { PRIVATE_KEY } = env
  if (!PRIVATE_KEY) {
    console.error('Nobody is signed in: run this once with PRIVATE_KEY set.')
    process.exit(1)
  }
  const account = await ethereumAccount(PRIVATE_KEY)
  const auth = ethereumAuth(PRIVATE_KEY, account, { domain: 'app.example.com' })
  console.log('Signing in')
  return DIDSession.get(account, auth, { store, resources })
}
