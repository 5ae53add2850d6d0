import { DIDSession } from '../did-session/incumbent-session.js'
import { ID, resources } from './account.js'

const neverAsked = () => Promise.reject(new Error('the session is stored: the wallet must not be asked'))

DIDSession.get(ID, neverAsked, { resources: [...resources] }).then((session) => {
  document.title = session.id
  globalThis.known = performance.now()
}, fail)

function fail(error) {
  globalThis.failure = error
}
