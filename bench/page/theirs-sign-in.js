import { ethereumAuth } from 'cacao-session/ethereum'
import { DIDSession } from '../did-session/incumbent-session.js'
import { ACCOUNT, ID, PRIVATE_KEY, resources } from './account.js'

DIDSession.get(ID, ethereumAuth(PRIVATE_KEY, ACCOUNT), { resources: [...resources] }).then(
  () => {
    globalThis.known = performance.now()
  },
  (error) => {
    globalThis.failure = error
  },
)
