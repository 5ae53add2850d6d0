import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { env } from 'node:process'
import { api } from './api.js'
import { buildPage } from './build.js'

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' }

const { PORT = '3000' } = env
const host = `localhost:${PORT}`

const files = await buildPage()
const answerAPI = api(host)
const server = createServer((request, response) => {
  const [path = '/'] = (request.url ?? '/').split('?')
  if (path.startsWith('/api/')) answerAPI(request, response)
  else sendFile(files.get(path === '/' ? '/index.html' : path), response)
}).listen(Number(PORT), 'localhost')
await once(server, 'listening')
console.log(`Page: http://${host}/`)

/**
 * @param {string | undefined} file
 * @param {import('node:http').ServerResponse} response
 */
async function sendFile(file, response) {
  const body = file && (await readFile(file).catch(() => undefined))
  const type = (body && TYPES[extname(file)]) || 'text/plain'
  response.writeHead(body ? 200 : 404, { 'content-type': type, 'cache-control': 'no-cache' })
  response.end(body || 'Not found\n')
}
