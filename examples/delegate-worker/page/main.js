import { DIDSession } from 'cacao-session'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { mountSignInButton } from 'cacao-session/sign-in-button'
import { ethereumWallets } from 'cacao-session/wallets'
import { announceDemoWallet } from '../../demo/page/demo-wallet.js'
import { byId, element } from '../../demo/page/elements.js'
import { tell } from '../../demo/page/status.js'
import { addressOf, reasonOf, shorten } from '../../demo/page/words.js'
import { answer, ask } from './ask.js'
import { ALL, UPLOADS } from './resources.js'
import { startWorker } from './start-worker.js'

const TEN_MINUTES_SECS = 600

/** @type {DIDSession | undefined} */
let session
const worker = startWorker()

// The worker sends the DID of its key; the page chooses what that key may do.
answer(worker, async ({ audience }) =>
  session
    ?.delegate({
      audience,
      resources: [UPLOADS],
      expiresInSecs: TEN_MINUTES_SECS,
      statement: 'Upload in the background.',
    })
    .catch(() => undefined),
)

async function signOut() {
  try {
    await session?.revoke('/api/sign-out')
    byId('session-state').textContent = 'Signed out. The worker still has its key: see what it can still do.'
    byId('sign-out').hidden = true
  } catch (error) {
    tell(reasonOf(error), 'error')
  }
}

/** @param {string} work */
async function letWorker(work) {
  if (!session) return
  const page = { account: session.id, keyDID: session.keyDID }
  const { session: own, ...result } = await ask(worker, { work, page })
  if (own) {
    byId('worker-key').textContent = shorten(own.keyDID, 14, 6)
    byId('worker-key').title = own.keyDID
    byId('worker-resources').textContent = own.authorizations.join(' ')
    byId('worker-ends').textContent = `in ${Math.ceil(own.expiresInSecs / 60)} minutes`
  }
  byId('result').replaceChildren(element('pre', {}, JSON.stringify(result, null, 2)))
}

/** @param {DIDSession} signedIn */
function enter(signedIn) {
  session = signedIn
  byId('account').textContent = shorten(addressOf(session.id), 8, 6)
  byId('account').title = session.id
  byId('key').textContent = shorten(session.keyDID, 14, 6)
  byId('key').title = session.keyDID
  byId('resources').textContent = session.authorizations.join(' ')
  byId('sign-in-view').hidden = true
  byId('session-view').hidden = false
  byId('session-title').focus()
}

async function start() {
  announceDemoWallet()
  byId('upload').addEventListener('click', () => letWorker('upload'))
  byId('read-account').addEventListener('click', () => letWorker('readAccount'))
  byId('sign-out').addEventListener('click', signOut)
  const load = () => DIDSession.load(undefined, { resources: [ALL] }).catch(() => undefined)
  const kept = await load()
  if (kept) return enter(kept)
  byId('sign-in-view').hidden = false
  DIDSession.onChange(async () => {
    const signedIn = session ? undefined : await load()
    if (signedIn) enter(signedIn)
  })
  mountSignInButton(byId('button'), {
    resources: [ALL],
    wallets: [ethereumWallets()],
    verifiers: ethereumVerifiers(),
  })
}

start()
