import type { Cacao } from '../../src/capability/cacao.js'
import { signRequest } from '../../src/http/sign-request.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import type { SessionKey, SessionKeyType } from '../../src/key/session-key.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed } from './capability.js'

export const URL_OF_NOTES = 'https://api.example.com/notes?page=1'
export const RESOURCE = 'https://api.example.com/notes/*'
/** When signed requests of the tests are signed and judged, unless they say otherwise. */
export const NOW = Date.parse('2026-01-31T12:00:00Z')

/** Accepts what a `RequestSigner` of the tests signs. */
export const accepting = {
  verifiers: ethereumVerifiers(),
  authority: 'api.example.com',
  resources: false as const,
  domains: ['example.com'],
  now: () => NOW,
}

/** The same for `verifyRequest`, which must be told about replay. */
export const acceptingOnce = { ...accepting, replay: false as const }

/** A session reduced to what signs requests: a key, and a capability for it. */
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

/** A request to post this body. */
export function post(
  body: NonNullable<RequestInit['body']> = 'Buy cacao beans',
  url: string = URL_OF_NOTES,
): Request {
  return new Request(url, { method: 'POST', body })
}

/** The request with another address, method, body or headers, and the signature as it was. */
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
