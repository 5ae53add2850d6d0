import { once } from 'node:events'
import { createServer } from 'node:http'
import { verifyNote } from './verify-note.js'

const MAX_BODY_BYTES = 64 * 1024
const LAST_PORT = 65_535
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/**
 * Serves the files, and verifies what is posted to /verify, for this computer only.
 * @param {Map<string, import('./bundle.js').File>} files
 * @param {number} port The first port to try; 0 for any.
 */
export async function serve(files, port) {
  const server = createServer((request, response) => {
    answer(request, response, files).catch(() => send(response, 500, 'text/plain', 'Something went wrong\n'))
  })
  await listen(server, port)
  return {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/**
 * @param {import('node:http').Server} server
 * @param {number} port
 */
async function listen(server, port) {
  for (let candidate = port; ; candidate += 1) {
    try {
      server.listen(candidate, '127.0.0.1')
      await once(server, 'listening')
      return
    } catch (error) {
      const isTaken = /** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE'
      if (!isTaken || candidate >= LAST_PORT) throw error
    }
  }
}

/**
 * @param {Request} request
 * @param {Response} response
 * @param {Map<string, import('./bundle.js').File>} files
 */
async function answer(request, response, files) {
  const host = request.headers.host ?? ''
  // A foreign name that resolves to this computer must not reach us.
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(host)) return send(response, 421, 'text/plain', 'Not here\n')
  const [path = ''] = (request.url ?? '').split('?')
  if (path === '/verify') return answerVerify(request, response, `http://${host}`)
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
    return { verified: true, ...(await verifyNote(JSON.parse(body), origin)) }
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
