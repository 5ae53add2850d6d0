import { utf8 } from '../../../src/base/bytes.js'
import { toBase64url } from '../../../src/base/multibase.js'
import { parseCacao } from '../../../src/capability/parse-cacao.js'
import { authorizationOf } from '../../../src/http/signature-profile.js'
import { generateSessionKey } from '../../../src/key/generate-key.js'
import { signed } from '../../setup/capability.js'
import { draft, type Holder } from '../../setup/chain.js'
import { digestOf, profileInput, signWire } from '../../setup/sign-wire.js'
import type { WireRequest } from '../../setup/wire-request.js'
import type { ServerUnderAttack } from './server-under-attack.js'

/** Changes to the genuine request, made before it is signed. */
interface Wanted {
  readonly authority?: string
  readonly target?: string
  readonly body?: string
  /** Milliseconds since 1970. */
  readonly now?: number
}

/** Makes the genuine requests and the forged ones. */
export interface Forgery {
  /** A session key with its capability: valid except for the changes, and signed by another wallet if its key is given. */
  holder(changes?: Record<string, unknown>, walletKey?: string): Promise<Holder>
  /** A key to which the holder delegates all its resources for ten minutes, with a nonce of the server if it requires one. */
  delegateOf(of: Holder): Promise<Holder>
  /** The genuine request, signed by the holder. */
  request(by: Holder, wanted?: Wanted): Promise<WireRequest>
}

const MINUTES_10_MS = 600_000

/** For one server. */
export function forgeryFor(server: ServerUnderAttack): Forgery {
  const { granted, domain, authority, method, target, type = 'text/plain' } = server
  const nonceOf = async (): Promise<string> => (await server.nonce?.()) ?? 'abcdefgh12'
  return {
    async holder(changes = {}, walletKey) {
      const key = await generateSessionKey('P-256')
      const nonce = await nonceOf()
      return { key, cacao: signed({ aud: key.did, domain, nonce, ...granted, ...changes }, walletKey) }
    },
    async delegateOf(of) {
      const key = await generateSessionKey('Ed25519')
      const end = Math.min(Date.now() + MINUTES_10_MS, Date.parse(of.cacao.p.exp ?? ''))
      const [iat, exp] = [Date.now(), end].map((time) => new Date(time).toISOString())
      const link = await draft(of, key.did, { ...granted, iat, exp, nonce: await nonceOf() })
      return { key, cacao: parseCacao(link) }
    },
    async request({ key, cacao }, wanted = {}) {
      const bytes = utf8(wanted.body ?? server.body ?? '')
      const ofBody = [
        ['Content-Digest', digestOf(bytes)],
        ['Content-Type', type],
      ] as const
      const hasBody = bytes.length > 0
      const wire: WireRequest = {
        method,
        target: wanted.target ?? target,
        host: wanted.authority ?? authority,
        headers: [['Authorization', authorizationOf(cacao)], ...(hasBody ? ofBody : [])],
        body: bytes,
      }
      const nonce = toBase64url(crypto.getRandomValues(new Uint8Array(16)))
      const created = Math.floor((wanted.now ?? Date.now()) / 1000)
      return { ...(await signWire(wire, profileInput(key, hasBody, created, nonce), key)), host: authority }
    },
  }
}
