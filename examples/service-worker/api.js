import { text } from 'node:stream/consumers'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { callerOf, requireSession } from 'cacao-session/express'
import { memoryRevocation } from 'cacao-session/verify'

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/**
 * The API, for the server of `node:http`. Its data is in memory, and lost when the process ends.
 * @param {string} host The host by which the page reaches the API.
 * @returns {(request: Request, response: Response) => void}
 */
export function api(host) {
  const revocation = memoryRevocation()
  /** @type {Map<string, string[]>} */
  const allNotes = new Map()
  const session = requireSession({
    verifiers: ethereumVerifiers(),
    authority: host,
    domains: [host],
    resources: [`http://${host}/api/*`],
    revocation,
    maxBodyBytes: 1024,
  })

  /** @type {(request: Request, response: Response) => Promise<unknown>} */
  async function answer(request, response) {
    const { account, cacao } = callerOf(request)
    const notes = allNotes.get(account) ?? []
    switch (`${request.method} ${request.url}`) {
      case 'GET /api/notes':
        return send(response, 200, { account, notes })
      case 'POST /api/notes':
        allNotes.set(account, [...notes, await text(request)])
        return send(response, 201, { account })
      case 'GET /api/portrait.svg':
        response.setHeader('cache-control', 'no-store')
        return response.setHeader('content-type', 'image/svg+xml').end(portrait(account))
      case 'POST /api/sign-out':
        await revocation.revoke(cacao)
        return response.writeHead(204).end()
      default:
        return send(response, 404, { code: 'ERR_NOT_FOUND' })
    }
  }

  return (request, response) =>
    session(request, response, (error) => {
      const answered = error ? Promise.reject(error) : answer(request, response)
      answered.catch((reason) => {
        console.error(reason)
        send(response, 500, { code: 'ERR_SERVER' })
      })
    })
}

/** @type {(response: Response, status: number, body: unknown) => void} */
function send(response, status, body) {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
}

/** @param {string} account */
const portrait = (account) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#${account.slice(-6)}" d="M0 0h8v8H0z"/></svg>`
