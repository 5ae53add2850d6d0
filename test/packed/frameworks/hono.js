import { serve } from '@hono/node-server'
import { requireSession } from 'cacao-session/hono'
import { Hono } from 'hono'
import { options } from './options.js'

const notes = async (c) => {
  const { account, url } = c.var.caller
  const { note } = await c.req.json()
  return c.json({ account, url, note })
}
const read = (c) => {
  const { account, url } = c.var.caller
  return c.json({ account, url, query: c.req.query(), at: c.req.url })
}
// A mounted app gets the path without its prefix; a routed one, with it.
const mounted = new Hono()
  .use(requireSession({ ...options, basePath: '/v1/api' }))
  .post('/notes', notes)
  .get('/notes', read)
const routed = new Hono().use(requireSession(options)).post('/notes', notes).get('/notes', read)

const app = new Hono().route('/api', routed).mount('/v1/api', mounted.fetch)
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' }, () => console.log('ready'))
