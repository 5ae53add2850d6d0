import { ethereumVerifiers } from 'cacao-session/ethereum'
import { callerOf, requireSession } from 'cacao-session/express'
import type { Plugin, PreviewServer, ViteDevServer } from 'vite'

/** The API, in the server of Vite: `/api/hello` knows who is calling. */
export function api(): Plugin {
  return { name: 'api', configureServer: serve, configurePreviewServer: serve }
}

function serve({ httpServer, middlewares }: ViteDevServer | PreviewServer): void {
  let admit: ReturnType<typeof requireSession> | undefined
  httpServer?.once('listening', () => {
    const address = httpServer.address()
    if (typeof address !== 'object' || address === null) return
    const host = `localhost:${address.port}`
    admit = requireSession({
      verifiers: ethereumVerifiers(),
      authority: host,
      domains: [host],
      resources: [`http://${host}/api/*`],
    })
  })
  middlewares.use('/api', (request, response, next) => {
    if (admit) return admit(request, response, next)
    response.statusCode = 503
    response.end()
  })
  middlewares.use('/api/hello', (request, response) => {
    const { account } = callerOf(request)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ account }))
  })
}
