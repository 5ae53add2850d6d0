import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/fetch'
import { fileRevocation } from 'cacao-session/node'

const { PORT = '3000', REVOKED_FILE = 'revoked.jsonl' } = Bun.env
const host = `localhost:${PORT}`

// Revocations are kept in a file, so that they survive a restart.
const revocation = fileRevocation(REVOKED_FILE)

const api = requireSession(
  {
    verifiers: ethereumVerifiers(),
    authority: host, // how clients reach this server
    domains: ['app.example.com'], // the sites whose sign-ins are accepted
    resources: [`http://${host}/api/*`], // what sessions must allow
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

export const server = Bun.serve({
  port: PORT,
  hostname: 'localhost',
  routes: {
    '/about': () => Response.json({ about: 'An API for people who sign in with a wallet' }),
    '/api/*': (request) => api(request),
    '/*': () => Response.json({ code: 'ERR_NOT_FOUND' }, { status: 404 }),
  },
})
console.log(`API: http://${host}/`)
