import { byId, element } from '../../demo/page/elements.js'
import { answerTo, Refusal } from './api.js'
import { reasonOf } from './words.js'

/** @typedef {import('cacao-session').DIDSession} DIDSession */

const result = byId('theft-result')

/** @type {DIDSession | undefined} */
let victim

byId('send-twice').addEventListener('click', () => tryIt(sendTwice))
byId('send-header').addEventListener('click', () => tryIt(sendHeader))

/**
 * What this session sends is what the thief has recorded.
 * @param {DIDSession | undefined} session
 */
export function stealFrom(session) {
  victim = session
  result.replaceChildren()
}

/** @param {DIDSession} session */
async function sendTwice(session) {
  const request = await session.signRequest(new Request('/api/notes'))
  const recorded = request.clone()
  await answerTo(fetch(request))
  return fetch(recorded)
}

/** @param {DIDSession} session */
async function sendHeader(session) {
  const { headers } = await session.signRequest(new Request('/api/notes'))
  return fetch('/api/notes', { headers: { authorization: headers.get('authorization') ?? '' } })
}

/** @param {(session: DIDSession) => Promise<Response>} theft */
async function tryIt(theft) {
  if (!victim) return
  const [kind, ...words] = await answerTo(theft(victim)).then(
    () => ['bad', 'The server fell for it.'],
    failure,
  )
  result.replaceChildren(element('p', { className: `verdict ${kind}` }, element('span', {}, ...words)))
}

/** @param {unknown} error */
function failure(error) {
  if (!(error instanceof Refusal)) return ['bad', reasonOf(error)]
  const code = element('span', { className: 'mono' }, error.code)
  return ['good', element('strong', {}, 'Refused:'), ` ${reasonOf(error)} `, code]
}
