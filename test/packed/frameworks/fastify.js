import { callerOf, requireSession } from 'cacao-session/fastify'
import Fastify from 'fastify'
import { options } from './options.js'

const app = Fastify({ rewriteUrl: ({ url }) => url.replace(/^\/v1\//, '/') })
app.register(
  async (api) => {
    api.addHook('onRequest', requireSession(options))
    api.post('/notes', async (request) => {
      const { account, url } = callerOf(request)
      return { account, url, note: request.body.note }
    })
    api.get('/notes', async (request) => {
      const { account, url } = callerOf(request)
      return { account, url, query: request.query, at: request.url }
    })
  },
  { prefix: '/api' },
)
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
console.log('ready')
