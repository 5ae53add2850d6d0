/** @typedef {import('cacao-session').DIDSession} DIDSession */

/** What the server refused, by its code. */
export class Refusal extends Error {
  /** @param {string} code */
  constructor(code) {
    super(`The server refused it: ${code}.`)
    this.code = code
  }
}

/** No answer at all. Each browser has words of its own for this. */
class Unreachable extends Error {
  code = 'ERR_UNREACHABLE'
}

/** A nonce of the server's choice, for a sign-in. */
export async function newNonce() {
  const { nonce } = await answerTo(fetch('/api/nonce'))
  return nonce
}

/**
 * Calls the API in the session's name, and gives what it answers. Rejects with a `Refusal`.
 * @param {DIDSession} session
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
export const call = (session, method, path, body) =>
  answerTo(
    session.fetch(`/api/${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) }),
  )

/**
 * What the server answers to a request that is under way. Rejects with a `Refusal` if it has none.
 * @param {Promise<Response>} request
 */
export async function answerTo(request) {
  const response = await request.catch((error) => {
    throw error instanceof TypeError ? new Unreachable('the server gave no answer', { cause: error }) : error
  })
  if (response.status === 204) return undefined
  const answer = await response.json().catch(() => ({}))
  if (response.ok) return answer
  throw new Refusal(answer.code ?? 'ERR_SERVER')
}

/**
 * Calls, and gives beside the answer the request as it left this page: signed.
 * @template Answer
 * @param {() => Promise<Answer>} calling
 * @returns {Promise<{ answer: Answer, sent: Request | undefined }>}
 */
export async function watched(calling) {
  const send = window.fetch
  /** @type {Request | undefined} */
  let sent
  window.fetch = (request, init) => {
    if (request instanceof Request) sent = request
    return send(request, init)
  }
  try {
    return { answer: await calling(), sent }
  } finally {
    window.fetch = send
  }
}
