import { createServer } from 'node:http'
import { HEADERS } from './headers.js'
import { listen } from './listen.js'
import { textAsBytes } from './page/dag-json.js'
import { verifyNote } from './verify-note.js'

const MAX_BODY_BYTES = 64 * 1024

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {import('./bundle.js').File} File */

/**
 * Serves the files, and verifies what is posted to /verify, for this computer only.
 * @param {Map<string, File>} files
 * @param {number} port The first port to try; 0 for any.
 * @param {number} [notesPort] Where the notes are, if the page leads to them.
 */
export async function serve(files, port, notesPort) {
  const server = createServer()
  const listening = await listen(server, port)
  // As browsers write them: without the port where it is the scheme's own.
  const hosts = ['localhost', '127.0.0.1'].map((name) => new URL(`http://${name}:${listening.port}`).host)
  server.on('request', (request, response) => {
    answer(request, response, { files, hosts, notesPort }).catch(() =>
      send(response, 500, 'text/plain', 'Something went wrong\n'),
    )
  })
  return listening
}

/**
 * @param {Request} request
 * @param {Response} response
 * @param {{ files: Map<string, File>, hosts: readonly string[], notesPort: number | undefined }} site
 */
async function answer(request, response, { files, hosts, notesPort }) {
  // A foreign name that resolves to this computer must not reach us, and none but our own says who we are.
  const host = hosts.find((own) => own === request.headers.host)
  if (!host) return send(response, 421, 'text/plain', 'Not here\n')
  const [path = ''] = (request.url ?? '').split('?')
  if (path === '/verify') return answerVerify(request, response, `http://${host}`)
  if (path === '/notes-app' && notesPort)
    return send(response, 302, 'text/plain', 'There\n', {
      location: `http://${host.split(':')[0]}:${notesPort}/`,
    })
  const file = files.get(path)
  if (!file) return send(response, 404, 'text/plain', 'Not found\n')
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(response, 405, 'text/plain', 'GET only\n', { allow: 'GET, HEAD' })
  return send(response, 200, file.type, file.body)
}

/**
 * @param {Request} request
 * @param {Response} response
 * @param {string} origin
 */
async function answerVerify(request, response, origin) {
  if (request.method !== 'POST') return send(response, 405, 'text/plain', 'POST only\n', { allow: 'POST' })
  // Pages of other origins can't post this type unasked.
  if (request.headers['content-type'] !== 'application/json')
    return send(response, 415, 'text/plain', 'JSON only\n')
  const body = await readBody(request)
  if (body === undefined) return send(response, 413, 'text/plain', 'Too large\n', { connection: 'close' })
  return send(response, 200, 'application/json', JSON.stringify(await verdict(body, origin)))
}

/**
 * @param {string} body
 * @param {string} origin
 */
async function verdict(body, origin) {
  try {
    return { verified: true, ...(await verifyNote(JSON.parse(body, textAsBytes), origin)) }
  } catch (error) {
    const { code, message } = /** @type {Error & { code?: string }} */ (error)
    return { verified: false, code, reason: message }
  }
}

/**
 * The body as text; `undefined` if it is too large.
 * @param {Request} request
 */
async function readBody(request) {
  /** @type {Buffer[]} */
  const chunks = []
  let length = 0
  // A stream that is destroyed here would take the answer with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length
    if (length > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {string} type
 * @param {string | Uint8Array} body
 * @param {Record<string, string>} [headers]
 */
function send(response, status, type, body, headers) {
  response.writeHead(status, { ...HEADERS, 'content-type': type, ...headers }).end(body)
}
