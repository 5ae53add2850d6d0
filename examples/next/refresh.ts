import { DIDSession } from 'cacao-session'
import { continueNavigation } from 'cacao-session/cookie-client'

// The script of `refreshPage`: `npm run refresh` makes `public/refresh.js` of it.
continueNavigation('/session', () => DIDSession.load())
