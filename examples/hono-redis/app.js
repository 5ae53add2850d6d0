import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/hono'
import { redisReplay, redisRevocation } from 'cacao-session/node'
import { Hono } from 'hono'

/**
 * The API, as each process serves it. What they must all know is in Redis.
 * @param {string} host How clients reach it.
 * @param {Awaited<ReturnType<typeof import('./redis.js').connectToRedis>>} redis
 * @param {string} name Of this process.
 */
export function api(host, redis, name) {
  const revocation = redisRevocation(redis)
  const session = requireSession({
    verifiers: ethereumVerifiers(),
    authority: host,
    domains: ['app.example.com'], // the sites whose sign-ins count here
    resources: [`http://${host}/api/*`], // what they must allow
    replay: redisReplay(redis),
    revocation,
  })
  return new Hono()
    .use(async (c, next) => {
      await next()
      // Only to show it: who answers, and that the next request goes to another.
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
      // This one by itself too: the clock that dated it may be ahead of ours.
      await Promise.all([revocation.revoke(cacao), revocation.revokeAll(account)])
      return c.body(null, 204)
    })
}
