import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'
import { ACCOUNT, PRIVATE_KEY, resources } from './account.js'

DIDSession.get(ACCOUNT, ethereumAuth(PRIVATE_KEY, ACCOUNT), { resources }).then(
  () => {
    globalThis.known = performance.now()
  },
  (error) => {
    globalThis.failure = error
  },
)
