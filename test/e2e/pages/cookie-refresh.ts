import { continueNavigation } from '../../../src/cookie-client.js'
import { DIDSession } from '../../../src/index.js'

const ahead = Number(await (await fetch('/clock')).text())
await continueNavigation('/session', () => DIDSession.load(undefined, { now: () => Date.now() + ahead }))
