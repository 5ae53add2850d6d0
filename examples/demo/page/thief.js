import { answerTo, Refusal } from './api.js'
import { byId } from './elements.js'
import { refusal, showExchange, travelling } from './travel.js'
import { reasonOf } from './words.js'

/** @typedef {import('cacao-session').DIDSession} DIDSession */

const BODY = JSON.stringify({ text: 'Buy cacao beans' })
const result = byId('theft-result')

/** @type {DIDSession | undefined} */
let victim

byId('send-header').addEventListener('click', () => tryIt(sendHeader))
byId('send-altered').addEventListener('click', () => tryIt(sendAltered))
byId('send-twice').addEventListener('click', () => tryIt(sendTwice))

/**
 * The thief records the requests of this session.
 * @param {DIDSession | undefined} session
 */
export function stealFrom(session) {
  victim = session
  result.replaceChildren()
}

/** @typedef {{ travelled: string, request: Request }} Theft */

/**
 * Sends the copied Authorization header with a new request.
 * @param {DIDSession} session
 * @returns {Promise<Theft>}
 */
async function sendHeader(session) {
  const { headers } = await session.signRequest(new Request('/api/notes'))
  const request = new Request('/api/notes', {
    headers: { authorization: headers.get('authorization') ?? '' },
  })
  return { travelled: travelling(request), request }
}

/**
 * Sends all copied headers with another body.
 * @param {DIDSession} session
 * @returns {Promise<Theft>}
 */
async function sendAltered(session) {
  const { headers } = await session.signRequest(new Request('/api/notes', { method: 'POST', body: BODY }))
  const body = BODY.replace('cacao beans', 'a yacht')
  const request = new Request('/api/notes', { method: 'POST', headers, body })
  return { travelled: travelling(request, body), request }
}

/**
 * Sends the whole request a second time, unchanged.
 * @param {DIDSession} session
 * @returns {Promise<Theft>}
 */
async function sendTwice(session) {
  const request = await session.signRequest(new Request('/api/notes'))
  const recorded = request.clone()
  await answerTo(fetch(request))
  return { travelled: travelling(recorded), request: recorded }
}

/** @param {(session: DIDSession) => Promise<Theft>} theft */
async function tryIt(theft) {
  if (!victim) return
  try {
    const { travelled, request } = await theft(victim)
    try {
      await answerTo(fetch(request))
      showExchange(result, travelled, ['The server fell for it.'], false)
    } catch (error) {
      const isRefused = error instanceof Refusal
      showExchange(result, travelled, isRefused ? refusal(error) : [reasonOf(error)], isRefused)
    }
  } catch (error) {
    showExchange(result, '', [reasonOf(error)], false)
  }
}
