import { DIDSession } from '../../src/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { KEY_A } from '../setup/wallet.js'

/** A session like that of the examples' clients; with another domain or other resources, one that must be refused. */
export function sessionFor(
  api: string,
  { domain = 'app.example.com', path = '/api/*', more = [] as readonly string[] } = {},
): Promise<DIDSession> {
  return DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain }), {
    resources: [api + path, ...more],
  })
}

/** The response of a server: its status, and the code or else the JSON. */
export async function answer(
  response: Response | Promise<Response>,
): Promise<[status: number, body: unknown]> {
  const { status, ...rest } = await settled(await response)
  return [status, rest.code ?? rest.body]
}

async function settled(response: Response): Promise<{ status: number; code?: unknown; body: unknown }> {
  const text = await response.text()
  const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text
  return { status: response.status, code: body?.code, body }
}
