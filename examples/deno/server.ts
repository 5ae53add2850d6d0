import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/fetch'
import { fileRevocation } from 'cacao-session/node'

const port = Number(Deno.env.get('PORT') ?? 8000)
const host = `localhost:${port}`

// Revocations are kept in a file, so that they survive a restart.
await Deno.mkdir('data', { recursive: true })
const revocation = fileRevocation('data/revoked.jsonl')

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
        return Response.json({ account: caller.account, until: caller.cacao.p.exp })
      case 'POST /api/sign-out':
        await revocation.revoke(caller.cacao)
        return new Response(null, { status: 204 })
      default:
        return Response.json({ code: 'ERR_NOT_FOUND' }, { status: 404 })
    }
  },
)

export const server = Deno.serve(
  { port, hostname: 'localhost', onListen: () => console.log(`API: http://${host}/`) },
  (request) =>
    new URL(request.url).pathname.startsWith('/api/')
      ? api(request)
      : Response.json({ about: 'An API for people who sign in with a wallet' }),
)
