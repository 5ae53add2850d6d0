import { DIDSession } from 'cacao-session'

DIDSession.load().then((session) => {
  document.title = session.account
  globalThis.known = performance.now()
}, fail)

function fail(error) {
  globalThis.failure = error
}
