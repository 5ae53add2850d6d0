import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { bundle } from '../demo/bundle.js'
import { HEADERS } from '../demo/headers.js'
import { listen } from '../demo/listen.js'
import { uploadsAPI } from './api.js'

const PAGE = new URL('./page/', import.meta.url)
const STATICS = [
  'index.html',
  '../../demo/page/style.css',
  '../../demo/page/icon.svg',
  '../../../src/sign-in-button/sign-in-button.css',
]
const SCRIPTS = ['main.js', 'worker.js']

/**
 * Serves the page, its worker and the API to this computer only.
 * @param {number} port The first port to try; 0 for any.
 */
export async function serveUploads(port) {
  const files = await bundle(PAGE, STATICS, SCRIPTS)
  const server = createServer()
  const listening = await listen(server, port)
  const hosts = ['localhost', '127.0.0.1'].map((name) => `${name}:${listening.port}`)
  const app = new Hono()
    .use(async (c, next) => {
      // Refuse other host names, which may resolve to this computer (DNS rebinding).
      if (hosts.includes(new URL(c.req.url).host)) await next()
      else c.res = c.text('Not here\n', 421)
      for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
    })
    .route('/api', uploadsAPI(hosts))
    .get('*', (c) => {
      const file = files.get(c.req.path)
      return file ? c.body(file.body, 200, { 'content-type': file.type }) : c.notFound()
    })
  server.on('request', getRequestListener(app.fetch))
  return listening
}
