/** @typedef {import('cacao-session').DIDSession} DIDSession */

/** An error response of the server, with its code. */
export class Refusal extends Error {
  /** @param {string} code */
  constructor(code) {
    super(`The server refused it: ${code}.`)
    this.code = code
  }
}

/** The server did not answer. Browsers have different messages for this. */
class Unreachable extends Error {
  code = 'ERR_UNREACHABLE'
}

/** Asks the server for a nonce for a sign-in. */
export async function newNonce() {
  const { nonce } = await answerTo(fetch('/api/nonce'))
  return nonce
}

/**
 * Calls the API with a signed request, and resolves with the answer. Rejects with a `Refusal` if the server refuses it.
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
 * Resolves with the server's answer to a request. Rejects with a `Refusal` if the server refuses it.
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
 * Calls a function that sends a request. Resolves with its answer, and with the signed request that left this page.
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
