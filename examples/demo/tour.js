import { randomBytes } from 'node:crypto'
import { DIDSession, SessionError } from 'cacao-session'
import { createDIDKey } from 'cacao-session/did-session'
import { toDID } from 'cacao-session/dids'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { requestVerifier } from 'cacao-session/verify'
import { beginning, result, step, styled, title } from './terminal.js'

const DAY_MS = 24 * 60 * 60 * 1000
const domain = 'app.example.com'
const resources = ['https://api.example.com/notes/*']
const verifiers = ethereumVerifiers()
const verify = requestVerifier({
  verifiers,
  authority: 'api.example.com',
  domains: [domain],
  resources: ({ url }) => [url],
})

/** Shows the main steps of the library. Each printed result comes from the call above it. */
export async function tour() {
  title('cacao-session: sign in once, then let a session key act')
  const session = await signIn()
  await sign(session)
  const request = await callServer(session)
  await sendAgain(request)
  await sendHeaderAlone(request)
  const serialized = serialize(session)
  await resume(serialized)
  await expire(serialized)
  await forge(session)
  await signForDids(session)
}

async function signIn() {
  step(
    'Sign in. A wallet (here: a new Ethereum key) signs one text for a new session key.',
    'DIDSession.authorize(ethereumAuth(walletKey, undefined, { domain }), { resources })',
  )
  const auth = ethereumAuth(randomBytes(32), undefined, { domain })
  const session = await DIDSession.authorize(auth, { resources, verifiers })
  result('account', session.id)
  result('session key', session.keyDID)
  result('may do', session.authorizations.join(', '))
  return session
}

/** @param {DIDSession} session */
async function sign(session) {
  step('Sign. The session key acts; the wallet is not needed again.', 'session.sign(bytes)')
  const signature = await session.sign(new TextEncoder().encode('Hello'))
  result('signature', `${beginning(Buffer.from(signature).toString('hex'), 32)} (${signature.length} bytes)`)
}

/** @param {DIDSession} session */
async function callServer(session) {
  step(
    'Call a server. The session key signs the request, and the server finds out which account sent it.',
    'requestVerifier({ verifiers, authority, domains, resources })(await session.signRequest(request))',
  )
  const note = new Request('https://api.example.com/notes/1', { method: 'PUT', body: 'Buy cacao beans' })
  const request = await session.signRequest(note)
  const recorded = request.clone()
  const { account } = await verify(request)
  result('request', `${note.method} ${note.url}`)
  result('verified', `for ${account}`)
  return recorded
}

/** @param {Request} recorded */
async function sendAgain(recorded) {
  step('A thief has recorded that request, and sends it again.', 'verify(recorded)')
  result('server', await refusal(verify(recorded.clone())))
}

/** @param {Request} recorded */
async function sendHeaderAlone({ url, headers }) {
  step(
    'A thief has copied its Authorization header, but has no key to sign with.',
    'verify(new Request(url, { headers: { authorization } }))',
  )
  const authorization = headers.get('authorization') ?? ''
  result('server', await refusal(verify(new Request(url, { headers: { authorization } }))))
}

/** @param {DIDSession} session */
function serialize(session) {
  step(
    'Write the session to a string. It contains the session key: protect it like a password.',
    'session.serialize()',
  )
  const serialized = session.serialize()
  result('string', `${beginning(serialized, 20)} (${serialized.length} characters, the rest is secret)`)
  return serialized
}

/** @param {string} serialized */
async function resume(serialized) {
  step(
    "Load the session somewhere else. The wallet's signature is verified again.",
    'DIDSession.fromSession(string, { verifiers })',
  )
  const session = await DIDSession.fromSession(serialized, { verifiers })
  result('account', session.id)
  result('expired', session.isExpired ? 'yes' : `no, ${inWords(session.expiresInSecs)} left`)
}

/** @param {string} serialized */
async function expire(serialized) {
  step(
    'Eight days later, the session has expired. It still shows its account, but it signs nothing.',
    'DIDSession.fromSession(string, { verifiers, now: () => Date.now() + 8 * DAY_MS })',
  )
  const session = await DIDSession.fromSession(serialized, { verifiers, now: () => Date.now() + 8 * DAY_MS })
  result('expired', session.isExpired ? 'yes' : 'no')
  result('sign', await refusal(session.sign(new Uint8Array([1]))))
}

/** @param {DIDSession} victim */
async function forge(victim) {
  step(
    'A forgery. A thief signs with their own wallet, and then replaces their account with the account of somebody else.',
    'DIDSession.fromSession(forgedString, { verifiers })',
  )
  const ownAuth = ethereumAuth(randomBytes(32), undefined, { domain })
  const forged = await DIDSession.authorize(
    async (opts) => {
      const cacao = await ownAuth(opts)
      return { ...cacao, p: { ...cacao.p, iss: victim.id } }
    },
    { resources },
  )
  result('fromSession', await refusal(DIDSession.fromSession(forged.serialize(), { verifiers })))
}

/** @param {DIDSession} session */
async function signForDids(session) {
  step(
    'Sign a JWS for users of the dids package. A DID that does not know the session verifies it.',
    'verifier.verifyJWS(jws, { issuer: session.id, capability: session.cacao, verifiers })',
  )
  const did = await toDID(session)
  const jws = await did.createJWS({ note: 'Buy cacao beans' })
  const verifier = await createDIDKey()
  const trusted = /** @type {any} */ ({ issuer: session.id, capability: session.cacao, verifiers })
  const { kid, payload } = await verifier.verifyJWS(jws, trusted)
  result('signed by', kid.split('#')[0] ?? '')
  result('for', session.id)
  result('payload', JSON.stringify(payload))
}

/**
 * The code with which an attempt is refused. Throws if it is not refused, because that would be a defect.
 * @param {Promise<unknown>} attempt
 */
async function refusal(attempt) {
  const error = await attempt.then(
    () => undefined,
    (reason) => reason,
  )
  if (!(error instanceof SessionError)) throw error ?? new Error('this should have been refused')
  return `${styled('red', 'refused')} ${error.code}`
}

/** @param {number} secs */
const inWords = (secs) =>
  `${Math.floor(secs / 86_400)} days ${Math.floor((secs % 86_400) / 3600)} h ${Math.floor((secs % 3600) / 60)} min`
