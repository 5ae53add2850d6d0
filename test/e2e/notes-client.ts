import { randomBytes } from 'node:crypto'
import { DIDSession, type GrantOptions } from '../../src/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'

/** The status of the response, and its code if it is a refusal. */
export interface Answer {
  readonly status: number
  readonly challenge: string | null
  readonly code?: string
}

/** A session that has not signed in at the server, with a nonce of the server unless another is given. */
export async function notesSession(
  url: string,
  options: Partial<GrantOptions> = {},
  walletKey: string | Uint8Array = randomBytes(32),
): Promise<DIDSession> {
  const nonce = async (): Promise<string> => (await (await fetch(`${url}api/nonce`)).json()).nonce
  const auth = ethereumAuth(walletKey, undefined, { domain: new URL(url).host })
  return DIDSession.authorize(auth, { resources: [`${url}api/*`], nonce, ...options })
}

/** A session that has signed in at the server. */
export async function signInAt(url: string, walletKey?: string): Promise<DIDSession> {
  const session = await notesSession(url, {}, walletKey)
  const { status } = await session.fetch(`${url}api/sign-in`, { method: 'POST' })
  if (status !== 204) throw new Error(`the sign-in was answered ${status}`)
  return session
}

export async function answer(response: Response): Promise<Answer> {
  const challenge = response.headers.get('www-authenticate')
  return { status: response.status, challenge, ...(await response.json().catch(() => ({}))) }
}

/** The response to a request that is refused with a code. */
export const refused = (code: string, status = 401): Answer => ({
  status,
  challenge: status === 401 ? `CACAO error="${code}"` : null,
  code,
})
