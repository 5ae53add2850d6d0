import type { Cacao } from '../../src/capability/cacao.js'
import { signRequest } from '../../src/http/sign-request.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import type { SessionKey, SessionKeyType } from '../../src/key/session-key.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed } from './capability.js'

export const URL_OF_NOTES = 'https://api.example.com/notes?page=1'
export const RESOURCE = 'https://api.example.com/notes/*'
/** The time at which tests sign and verify requests, unless they say otherwise. */
export const NOW = Date.parse('2026-01-31T12:00:00Z')

/** Options that accept the requests of a `RequestSigner`. */
export const accepting = {
  verifiers: ethereumVerifiers(),
  authority: 'api.example.com',
  resources: false as const,
  domains: ['example.com'],
  now: () => NOW,
}

/** The same for `verifyRequest`, which requires the replay option. */
export const acceptingOnce = { ...accepting, replay: false as const }

/** The parts of a session that sign requests: a key, and a capability for it. */
export interface TestSigner {
  readonly key: SessionKey
  readonly cacao: Cacao
  sign(request: Request, now?: number): Promise<Request>
}

export async function testSigner(
  type: SessionKeyType = 'P-256',
  changes: Record<string, unknown> = {},
  walletKey?: string,
): Promise<TestSigner> {
  const key = await generateSessionKey(type)
  const cacao = signed({ aud: key.did, resources: [RESOURCE], ...changes }, walletKey)
  return { key, cacao, sign: (request, now = NOW) => signRequest(request, { key, cacao }, now) }
}

/** A POST request with this body. */
export function post(
  body: NonNullable<RequestInit['body']> = 'Buy cacao beans',
  url: string = URL_OF_NOTES,
): Request {
  return new Request(url, { method: 'POST', body })
}

/** The request with another URL, method, body or headers, and the old signature. */
export async function altered(
  request: Request,
  { url = request.url, ...init }: RequestInit & { readonly url?: string },
): Promise<Request> {
  const { method } = request
  const body = method === 'GET' ? undefined : await request.clone().arrayBuffer()
  const headers = new Headers(request.headers)
  new Headers(init.headers).forEach((value, name) => {
    headers.set(name, value)
  })
  return new Request(url, { method, ...(body && { body }), ...init, headers })
}
