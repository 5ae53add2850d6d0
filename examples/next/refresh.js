import { DIDSession } from 'cacao-session'
import { continueNavigation } from 'cacao-session/cookie-client'

// What the page of `refreshPage` loads: a person comes back after the cookie's short time.
await continueNavigation('/session', () => DIDSession.load())
