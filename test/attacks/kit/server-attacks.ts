import { utf8 } from '../../../src/base/bytes.js'
import type { SessionErrorCode } from '../../../src/base/errors.js'
import type { Holder } from '../../setup/chain.js'
import { ACCOUNT_B, KEY_B } from '../../setup/wallet.js'
import { type WireRequest, withHeader } from '../../setup/wire-request.js'
import type { Forgery } from './forgery.js'
import type { ServerUnderAttack } from './server-under-attack.js'

/** Makes the request of an attack; `send` sends requests that must precede it. */
type Make = (
  forgery: Forgery,
  server: ServerUnderAttack,
  send: (wire: WireRequest) => Promise<void>,
) => Promise<WireRequest>

/** An attack, the code of its refusal, and how its request is made. */
export type ServerAttack = readonly [attack: string, refusedWith: readonly SessionErrorCode[], make: Make]

const EVIL = 'evil.example.com'
const MINUTES_7_MS = 420_000

/** The genuine request, signed with another capability. */
const under =
  (changes: Record<string, unknown>, walletKey?: string): Make =>
  async (forgery) =>
    forgery.request(await forgery.holder(changes, walletKey))

/** The genuine request, changed after it was signed. */
const onItsWay =
  (change: (wire: WireRequest, server: ServerUnderAttack) => WireRequest): Make =>
  async (forgery, server) =>
    change(await forgery.request(await forgery.holder()), server)

/** The capability of one session with the key of another. */
const beside = ({ key }: Holder, { cacao }: Holder): Holder => ({ key, cacao })

/** Attacks that every server of the documentation and of the examples must refuse. */
export const SERVER_ATTACKS: readonly ServerAttack[] = [
  [
    'a request with no capability and no signature',
    ['ERR_REQUEST_UNSIGNED'],
    onItsWay((wire) => ({ ...wire, headers: [] })),
  ],
  [
    'a stolen capability without its key',
    ['ERR_REQUEST_UNSIGNED'],
    onItsWay((wire) => ({
      ...wire,
      headers: wire.headers.filter(([name]) => !/^signature/i.test(name)),
    })),
  ],
  [
    'a stolen capability with the attacker’s key',
    ['ERR_CAPABILITY_AUDIENCE'],
    async (forgery) => forgery.request(beside(await forgery.holder(), await forgery.holder())),
  ],
  ['a forged capability: signed by another wallet', ['ERR_CAPABILITY_SIGNATURE'], under({}, KEY_B)],
  [
    'a forged capability: the account was replaced',
    ['ERR_CAPABILITY_SIGNATURE'],
    async (forgery) => {
      const { key, cacao } = await forgery.holder()
      const p = { ...cacao.p, iss: `did:pkh:${ACCOUNT_B}` }
      return forgery.request({ key, cacao: { ...cacao, p } })
    },
  ],
  [
    'a forged capability: the audience was replaced',
    ['ERR_CAPABILITY_SIGNATURE'],
    async (forgery) => {
      const [{ key }, { cacao }] = [await forgery.holder(), await forgery.holder()]
      return forgery.request({ key, cacao: { ...cacao, p: { ...cacao.p, aud: key.did } } })
    },
  ],
  ['an expired capability', ['ERR_CAPABILITY_EXPIRED'], under({ exp: '2024-06-02T00:00:00Z' })],
  ['another domain', ['ERR_CAPABILITY_DOMAIN'], under({ domain: EVIL })],
  [
    'another domain that ends in the right one',
    ['ERR_CAPABILITY_DOMAIN'],
    async (forgery, { domain }) => forgery.request(await forgery.holder({ domain: `evil-${domain}` })),
  ],
  [
    'a capability for another resource of this server',
    ['ERR_CAPABILITY_RESOURCES'],
    async (forgery, server) =>
      forgery.request(await forgery.holder({ statement: undefined, ...server.beside })),
  ],
  [
    'a capability without resources',
    ['ERR_CAPABILITY_RESOURCES'],
    under({ resources: undefined, statement: undefined }),
  ],
  [
    'a request signed for another server',
    ['ERR_REQUEST_SIGNATURE'],
    async (forgery) => forgery.request(await forgery.holder(), { authority: EVIL }),
  ],
  [
    'a request signed for another server, with that server in Host',
    ['ERR_REQUEST_SIGNATURE'],
    async (forgery) => ({
      ...(await forgery.request(await forgery.holder(), { authority: EVIL })),
      host: EVIL,
    }),
  ],
  [
    'a capability for another server, with that server in Host',
    ['ERR_CAPABILITY_RESOURCES', 'ERR_REQUEST_SIGNATURE'],
    async (forgery) => {
      const holder = await forgery.holder({ statement: undefined, resources: [`https://${EVIL}/*`] })
      return { ...(await forgery.request(holder)), host: EVIL }
    },
  ],
  [
    'a target that a URL parser rewrites: dot segments',
    ['ERR_REQUEST_SIGNATURE'],
    async (forgery, { target }) =>
      forgery.request(await forgery.holder(), { target: target.replace('/', '/x/../') }),
  ],
  [
    'a target that a URL parser rewrites: a fragment',
    ['ERR_REQUEST_SIGNATURE'],
    async (forgery, { target }) => forgery.request(await forgery.holder(), { target: `${target}#x` }),
  ],
  [
    'another method',
    ['ERR_REQUEST_SIGNATURE'],
    onItsWay((wire) => ({ ...wire, method: wire.method === 'POST' ? 'PUT' : 'POST' })),
  ],
  ['another query', ['ERR_REQUEST_SIGNATURE'], onItsWay((wire) => ({ ...wire, target: `${wire.target}?x` }))],
  [
    'a signature of seven minutes ago, beyond the clock skew',
    ['ERR_REQUEST_STALE'],
    async (forgery) => forgery.request(await forgery.holder(), { now: Date.now() - MINUTES_7_MS }),
  ],
  [
    'a capability that a session delegated, with a current nonce',
    ['ERR_CAPABILITY_DELEGATED'],
    async (forgery, { maxLinks = 1 }) => {
      // The session is old and its delegated capabilities are new, with one link more than the server accepts.
      let holder = await forgery.holder({ nonce: 'oldsignin1' })
      for (let links = 1; links <= maxLinks; links++) holder = await forgery.delegateOf(holder)
      return forgery.request(holder)
    },
  ],
  [
    'a delegated capability with a root of the attacker',
    [
      'ERR_CAPABILITY_DELEGATED',
      'ERR_CAPABILITY_INVALID',
      'ERR_CAPABILITY_ISSUER',
      'ERR_CAPABILITY_AUDIENCE',
    ],
    async (forgery) => {
      const [victim, { key, cacao }] = [
        await forgery.holder(),
        await forgery.delegateOf(await forgery.holder({}, KEY_B)),
      ]
      const forged = { ...cacao, s: { ...cacao.s, m: { parent: victim.cacao } } }
      return forgery.request({ key, cacao: forged as unknown as Holder['cacao'] })
    },
  ],
  [
    'a replayed request',
    ['ERR_REQUEST_REPLAYED'],
    async (forgery, _, send) => {
      const wire = await forgery.request(await forgery.holder())
      await send(wire)
      return wire
    },
  ],
]

/** Attacks on servers that read a body. */
export const BODY_ATTACKS: readonly ServerAttack[] = [
  [
    'another body than was signed',
    ['ERR_REQUEST_DIGEST'],
    onItsWay((wire) => ({ ...wire, body: utf8('another') })),
  ],
  [
    'the signed body with another content type',
    ['ERR_REQUEST_SIGNATURE'],
    onItsWay((wire) => withHeader(wire, 'content-type', 'text/html')),
  ],
  [
    'a body with a signature for no body',
    ['ERR_REQUEST_DIGEST', 'ERR_REQUEST_SIGNATURE'],
    async (forgery, { body = '' }) => ({
      ...(await forgery.request(await forgery.holder(), { body: '' })),
      body: utf8(body),
    }),
  ],
]

/** Attacks on servers that receive targets in absolute form. */
export const ABSOLUTE_ATTACKS: readonly ServerAttack[] = [
  [
    'a capability for another server, with that server in an absolute target',
    ['ERR_CAPABILITY_RESOURCES', 'ERR_REQUEST_SIGNATURE'],
    async (forgery, { target }) => {
      const holder = await forgery.holder({ statement: undefined, resources: [`https://${EVIL}/*`] })
      return { ...(await forgery.request(holder)), target: `https://${EVIL}${target}` }
    },
  ],
  [
    'a capability for another server, with that server as the user name in an absolute target',
    ['ERR_CAPABILITY_RESOURCES', 'ERR_REQUEST_SIGNATURE'],
    async (forgery, { authority, target }) => {
      const holder = await forgery.holder({ statement: undefined, resources: [`https://${EVIL}/*`] })
      return { ...(await forgery.request(holder)), target: `https://${EVIL}@${authority}${target}` }
    },
  ],
]
