import { randomBytes } from 'node:crypto'
import { DIDSession, type GrantOptions } from '../../src/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'

/** What came back, as far as it says whether a request was taken. */
export interface Answer {
  readonly status: number
  readonly challenge: string | null
  readonly code?: string
}

/** A session that has not been through the server's sign-in, with a nonce of the server's unless told otherwise. */
export async function notesSession(
  url: string,
  options: Partial<GrantOptions> = {},
  walletKey: string | Uint8Array = randomBytes(32),
): Promise<DIDSession> {
  const nonce = async (): Promise<string> => (await (await fetch(`${url}api/nonce`)).json()).nonce
  const auth = ethereumAuth(walletKey, undefined, { domain: new URL(url).host })
  return DIDSession.authorize(auth, { resources: [`${url}api/*`], nonce, ...options })
}

/** A session that the server has let in. */
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

/** The answer to what is refused with a code. */
export const refused = (code: string, status = 401): Answer => ({
  status,
  challenge: status === 401 ? `CACAO error="${code}"` : null,
  code,
})
