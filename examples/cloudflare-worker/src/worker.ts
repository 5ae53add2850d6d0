import { env } from 'cloudflare:workers'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/fetch'
import { replay, revocation } from './stores.js'

export { ExpiringIds } from './expiring-ids.js'

const scheme = env.HOST.startsWith('localhost:') ? 'http' : 'https'

const api = requireSession(
  {
    verifiers: ethereumVerifiers(),
    authority: env.HOST, // how clients reach this worker
    domains: ['app.example.com'], // the sites whose sign-ins are accepted
    resources: [`${scheme}://${env.HOST}/api/*`], // what sessions must allow
    replay,
    revocation,
  },
  async (request, caller) => {
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case 'GET /api/me':
        return Response.json({ account: caller.account })
      case 'POST /api/sign-out':
        await revocation.revoke(caller.cacao)
        return new Response(null, { status: 204 })
      default:
        return Response.json({ code: 'ERR_NOT_FOUND' }, { status: 404 })
    }
  },
)

export default {
  fetch(request: Request): Response | Promise<Response> {
    if (new URL(request.url).pathname.startsWith('/api/')) return api(request)
    return Response.json({ about: 'An API for people who sign in with a wallet' })
  },
}
