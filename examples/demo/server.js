import { createServer } from 'node:http'
import { HEADERS } from './headers.js'
import { listen } from './listen.js'

/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {import('./bundle.js').File} File */

/**
 * Serves the files of a page that has no API, to this computer only.
 * @param {Map<string, File>} files
 * @param {number} port The first port to try; 0 for any.
 */
export async function serve(files, port) {
  const server = createServer()
  const listening = await listen(server, port)
  // URL omits the default port, as browsers do.
  const hosts = ['localhost', '127.0.0.1'].map((name) => new URL(`http://${name}:${listening.port}`).host)
  server.on('request', ({ headers, method, url = '' }, response) => {
    // Refuse other host names, which may resolve to this computer (DNS rebinding).
    if (!hosts.includes(headers.host ?? '')) return send(response, 421, 'text/plain', 'Not here\n')
    const file = files.get(url.split('?')[0] ?? '')
    if (!file) return send(response, 404, 'text/plain', 'Not found\n')
    if (method !== 'GET' && method !== 'HEAD')
      return send(response, 405, 'text/plain', 'GET only\n', { allow: 'GET, HEAD' })
    send(response, 200, file.type, file.body)
  })
  return listening
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
