import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { bundle } from '../demo/bundle.js'
import { HEADERS } from '../demo/headers.js'
import { listen } from '../demo/listen.js'
import { notesAPI } from './api.js'

const PAGE = new URL('../demo/page/', import.meta.url)
const STATICS = ['index.html', 'style.css', 'icon.svg', '../../../src/sign-in-button/sign-in-button.css']
const GUIDES = new URL('../../docs/guides/', import.meta.url)

/**
 * Serves the page and its API to this computer only.
 * @param {number} port The first port to try; 0 for any.
 * @param {import('./stores.js').Stores} stores
 * @param {(files: Map<string, import('../demo/bundle.js').File>) => void} [change] Changes the files of the page before they are served.
 */
export async function serveNotes(port, stores, change) {
  const files = await bundle(PAGE, STATICS)
  change?.(files)
  const server = createServer()
  const listening = await listen(server, port)
  // URL omits the default port, as browsers do.
  const hosts = ['localhost', '127.0.0.1'].map((name) => new URL(`http://${name}:${listening.port}`).host)
  server.on('request', getRequestListener(notesApp(hosts, files, stores).fetch))
  return {
    port: listening.port,
    async close() {
      await listening.close()
      await stores.close()
    },
  }
}

/**
 * @param {readonly string[]} hosts
 * @param {Map<string, import('../demo/bundle.js').File>} files
 * @param {import('./stores.js').Stores} stores
 */
function notesApp(hosts, files, stores) {
  return new Hono()
    .onError((error, c) => {
      console.error(error)
      return c.json({ code: 'ERR_SERVER' }, 500)
    })
    .notFound((c) => c.json({ code: 'ERR_NOT_FOUND' }, 404))
    .use(async (c, next) => {
      // Refuse other host names, which may resolve to this computer (DNS rebinding).
      if (hosts.includes(new URL(c.req.url).host)) await next()
      else c.res = c.text('Not here\n', 421)
      for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
    })
    .route('/api', notesAPI(hosts, stores))
    .get('/guides/:name{[a-z-]+\\.md}', async (c) => {
      const guide = await readFile(new URL(c.req.param('name'), GUIDES)).catch(() => undefined)
      return guide ? c.body(guide, 200, { 'content-type': 'text/plain; charset=utf-8' }) : c.notFound()
    })
    .get('*', (c) => {
      const file = files.get(c.req.path)
      return file ? c.body(file.body, 200, { 'content-type': file.type }) : c.notFound()
    })
}
