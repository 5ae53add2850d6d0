import { parseAccount } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import { LRUCache } from '../base/lru-cache.js'
import { booleanOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import { type CacaoPayload, rootOf } from '../capability/cacao.js'
import { parseMessage, renderMessage } from '../capability/message.js'
import type { DIDSession } from '../session/did-session.js'
import { KIT_READERS, type KitAuth, type KitOptions, KitSession } from './kit-session.js'
import { randomNonce } from './kit-sign-in.js'

export type { KitAuth, KitOptions, KitStatus } from './kit-session.js'

/** Options of `appKitAuth`. */
export interface AppKitOptions extends KitOptions {
  /** Whether AppKit disconnects a wallet if the person doesn't sign in; true by default, as in AppKit. */
  required?: boolean
  /** Whether disconnecting the wallet signs out; true by default, as in AppKit. */
  signOutOnDisconnect?: boolean
}

/** The content of a sign-in message, under AppKit's names. */
export interface SIWXData<Chain extends string = string> {
  accountAddress: string
  /** A CAIP-2 id, such as `eip155:1`. */
  chainId: Chain
  domain: string
  uri: string
  version: string
  nonce: string
  statement?: string
  resources?: string[]
  requestId?: string
  issuedAt?: string
  expirationTime?: string
  notBefore?: string
}

/** A message for the wallet to sign. */
export interface SIWXMessage<Chain extends string = string> extends SIWXData<Chain> {
  toString(): string
}

/** A sign-in, as AppKit passes it on. */
export interface SIWXSession<Chain extends string = string> {
  data: SIWXData<Chain>
  message: string
  signature: string
}

/** The interface `SIWXConfig` of Reown AppKit, as AppKit calls it. */
export interface AppKitSIWX {
  createMessage<Chain extends string>(input: {
    accountAddress: string
    chainId: Chain
  }): Promise<SIWXMessage<Chain>>
  addSession(session: SIWXSession): Promise<void>
  setSessions(sessions: SIWXSession[]): Promise<void>
  getSessions<Chain extends string>(chainId: Chain, address: string): Promise<SIWXSession<Chain>[]>
  revokeSession(chainId: string, address: string): Promise<void>
  getRequired(): boolean
  signOutOnDisconnect: boolean
}

/** The result of `appKitAuth`: the configuration for AppKit, and the session for the app. */
export interface AppKitAuth extends KitAuth {
  /** The option `siwx` of `createAppKit`. */
  readonly siwx: AppKitSIWX
}

const APPKIT_READERS: ReadersOf<AppKitOptions> = {
  ...KIT_READERS,
  required: setting(booleanOption),
  signOutOnDisconnect: setting(booleanOption),
}

const CONNECTION_SECS = 300
// A person answers few of these messages at a time.
const MAX_CONNECTIONS = 100

/**
 * Makes the dialogs of Reown AppKit sign in with a session, for Ethereum and Solana accounts. The wallet shows the message of
 * `DIDSession.get`. Once it is signed, the session is stored, and `getSession()` returns it. Create it once, outside of components. The
 * functions that AppKit calls reject with a `SessionError`, as `DIDSession.get` does. Throws a `TypeError` for a wrong option.
 *
 * In some cases, AppKit needs a message before it knows the account: with WalletConnect's one-click authentication, and with e-mail
 * wallets. A session is for one account, so these wallets sign a message that grants nothing and is valid for five minutes. AppKit's
 * dialog then asks for the sign-in.
 *
 * @example
 * const auth = appKitAuth({ resources: ['https://api.example.com/notes/*'], anyChain: true })
 * const options = { siwx: auth.siwx }
 */
export function appKitAuth(options: AppKitOptions): AppKitAuth {
  const given = readOptions<AppKitOptions>(options, APPKIT_READERS)
  const { required = true, signOutOnDisconnect = true, ...kitOptions } = given
  const session = new KitSession(kitOptions)
  // The nonces of the messages that were created before the account was known.
  const connections = new LRUCache<true>(MAX_CONNECTIONS)
  const siwx: AppKitSIWX = {
    async createMessage({ accountAddress, chainId }) {
      const account = `${chainId}:${accountAddress}`
      if (parseAccount(account)) return asMessage(await session.startSignIn(account), accountAddress, chainId)
      const nonce = randomNonce()
      connections.set(nonce, true)
      return asMessage(
        connectionText(session.domain, nonce, accountAddress, chainId),
        accountAddress,
        chainId,
      )
    },
    async addSession({ data, message, signature }) {
      if (!connections.delete(data.nonce)) await session.completeSignIn(message, signature)
    },
    async setSessions(sessions) {
      if (sessions.length === 0) await signOut(session)
      // With one-click authentication, a wallet signs one message for each chain, all with the same nonce.
      const others = sessions.filter(({ data }) => !connections.get(data.nonce))
      for (const added of others) await siwx.addSession(added)
      // Only now: if one of the others fails, AppKit may pass the same messages again.
      for (const { data } of sessions) connections.delete(data.nonce)
    },
    async getSessions(chainId, address) {
      const found = await session.resumeSession(`${chainId}:${address}`)
      return found ? [await asSession(found, address, chainId)] : []
    },
    revokeSession: (chainId, address) => session.remove(`${chainId}:${address}`),
    getRequired: () => required,
    signOutOnDisconnect,
  }
  return { ...session.auth, siwx }
}

/** Returns the message that a wallet signs before AppKit knows its account. It names no session key, so it grants nothing. */
function connectionText(domain: string | undefined, nonce: string, address: string, chainId: string): string {
  const { host, origin } = globalThis.location ?? { host: 'localhost', origin: 'http://localhost' }
  const now = Date.now()
  return renderMessage({
    domain: domain ?? host,
    chainName: 'Ethereum',
    address,
    chainId: chainId.slice(chainId.indexOf(':') + 1),
    aud: domain === undefined ? origin : `https://${domain}`,
    version: '1',
    nonce,
    iat: new Date(now).toISOString(),
    exp: new Date(now + CONNECTION_SECS * 1000).toISOString(),
    statement: 'Connect this wallet. The app asks you to sign in next.',
  })
}

function asMessage<Chain extends string>(
  text: string,
  accountAddress: string,
  chainId: Chain,
): SIWXMessage<Chain> {
  return { ...dataOf(parseMessage(text), accountAddress, chainId), toString: () => text }
}

async function asSession<Chain extends string>(
  { cacao }: DIDSession,
  accountAddress: string,
  chainId: Chain,
): Promise<SIWXSession<Chain>> {
  const { p, s } = rootOf(cacao)
  const signature = typeof s.s === 'string' ? s.s : `0x${toHex(s.s)}`
  return { data: dataOf(p, accountAddress, chainId), message: await textOf(p), signature }
}

async function textOf(p: CacaoPayload): Promise<string> {
  if (p.iss.startsWith('did:pkh:solana:'))
    return (await import('../wallet/solana/sign-in.js')).renderSolanaMessage(p)
  return (await import('../wallet/ethereum/siwe-message.js')).renderEthereumMessage(p)
}

function dataOf<Chain extends string>(
  { domain, aud, version, nonce, iat, exp, nbf, statement, requestId, resources }: Omit<CacaoPayload, 'iss'>,
  accountAddress: string,
  chainId: Chain,
): SIWXData<Chain> {
  return {
    accountAddress,
    chainId,
    domain,
    uri: aud,
    version,
    nonce,
    issuedAt: iat,
    ...(exp !== undefined && { expirationTime: exp }),
    ...(nbf !== undefined && { notBefore: nbf }),
    ...(statement !== undefined && { statement }),
    ...(requestId !== undefined && { requestId }),
    ...(resources && { resources: [...resources] }),
  }
}

/** Signs out. Rejects if the session may still be stored, so that AppKit shows the failure. */
async function signOut(session: KitSession): Promise<void> {
  if (await session.signOut()) return
  throw (
    session.auth.getError() ??
    new SessionError('ERR_STORE_UNAVAILABLE', 'the session may still be stored: sign out again')
  )
}
