import { DIDSession } from 'cacao-session'
import { continueNavigation } from 'cacao-session/cookie-client'

// The script of `refreshPage`. `npm run refresh` bundles it into `public/refresh.js`.
continueNavigation('/session', () => DIDSession.load())
