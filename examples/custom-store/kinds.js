import { env } from 'node:process'
import { DIDSession } from 'cacao-session'
import { ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { callbackStore, stringStore } from 'cacao-session/stores'
import { inFolder } from './folder.js'

// SESSIONS=/some/folder PRIVATE_KEY=0x… node examples/custom-store/kinds.js

const { SESSIONS = '.', PRIVATE_KEY = '' } = env
const store = stringStore(callbackStore(inFolder(SESSIONS)), { persistence: 'folder' })
const account = await ethereumAccount(PRIVATE_KEY)
const auth = ethereumAuth(PRIVATE_KEY, account, { domain: 'app.example.com' })

const HOUR_SECS = 60 * 60
const user = await DIDSession.get(account, auth, {
  store,
  namespace: 'user',
  resources: ['https://api.example.com/notes/*'],
})
const admin = await DIDSession.get(account, auth, {
  store,
  namespace: 'admin',
  resources: ['https://api.example.com/admin/*'],
  expiresInSecs: HOUR_SECS,
})
console.log(`user  ${user.keyDID} for ${user.authorizations} in a ${user.persistence}`)
console.log(`admin ${admin.keyDID} for ${admin.authorizations} in a ${admin.persistence}`)

// Signing out in one namespace does not change the other namespace.
await admin.remove()
for (const namespace of ['user', 'admin']) {
  const session = await DIDSession.load(account, { store, namespace })
  console.log(`${namespace}: ${session ? 'still signed in' : 'signed out'}`)
}
