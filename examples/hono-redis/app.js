import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/hono'
import { redisReplay, redisRevocation } from 'cacao-session/node'
import { Hono } from 'hono'

/**
 * The API, which each process serves. The processes share the data in Redis.
 * @param {string} host The host by which clients reach the API.
 * @param {Awaited<ReturnType<typeof import('./redis.js').connectToRedis>>} redis
 * @param {string} name The name of this process.
 */
export function api(host, redis, name) {
  const revocation = redisRevocation(redis)
  const session = requireSession({
    verifiers: ethereumVerifiers(),
    authority: host,
    domains: ['app.example.com'], // the sites whose sign-ins are accepted
    resources: [`http://${host}/api/*`], // what sessions must allow
    replay: redisReplay(redis),
    revocation,
  })
  return new Hono()
    .use(async (c, next) => {
      await next()
      // Only for this example: show which process answers, and let the next request go to another process.
      c.header('x-process', name)
      c.header('connection', 'close')
    })
    .use('/api/*', session)
    .get('/api/me', (c) => c.json({ account: c.var.caller.account }))
    .post('/api/sign-out', async (c) => {
      await revocation.revoke(c.var.caller.cacao)
      return c.body(null, 204)
    })
    .post('/api/sign-out-everywhere', async (c) => {
      const { account, cacao } = c.var.caller
      // Revoke this session by itself too: if the clock of its issuer is ahead of ours, revokeAll would miss it.
      await Promise.all([revocation.revoke(cacao), revocation.revokeAll(account)])
      return c.body(null, 204)
    })
}
