import { beforeAll } from 'vitest'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { nonces } from '../../src/http/nonces.js'
import { signRequest } from '../../src/http/sign-request.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { delegated, draft, granted, type Holder } from '../setup/chain.js'
import { accepting, NOW, post } from '../setup/request-signer.js'
import { KEY_A } from '../setup/wallet.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks with capabilities that a session delegated. A script in the page can delegate to its own key within milliseconds, so
// a server accepts none of these unless its options say so, and up to which limits.

const verifiers = ethereumVerifiers()
const LIMITS = { maxLinks: 2 }
let session: Holder
let thief: Holder
let third: Holder
let minute: Holder
beforeAll(async () => {
  session = await granted()
  thief = await delegated(session, 'Ed25519', { nonce: 'freshnonce1' })
  third = await delegated(thief, 'P-256', { iat: '2024-06-01T14:00:00.000Z' })
  minute = await delegated(session, 'P-256', { exp: '2024-06-01T13:01:00.000Z' })
})

const verify =
  (input: () => unknown, options: object = {}) =>
  (): Promise<unknown> =>
    verifyCacao(input(), { verifiers, now: () => NOW, ...options })
const request =
  (by: () => Holder, options: object = {}) =>
  async (): Promise<unknown> =>
    requestVerifier({ ...accepting, ...options })(await signRequest(post(), by(), NOW))

tryAttacks('a delegated capability without the delegation option', [
  ['(the capability that the wallet signed)', verify(() => session.cacao), 'accepted'],
  ['a capability', verify(() => thief.cacao), 'ERR_CAPABILITY_DELEGATED'],
  [
    'a capability that is inspected',
    async () => {
      const { isAccepted, problems } = await inspectCacao(thief.cacao, { verifiers, now: () => NOW })
      if (problems.some(({ code }) => code !== 'ERR_CAPABILITY_DELEGATED')) throw new Error('something else')
      return isAccepted
    },
    'nothing',
  ],
  ['a request', request(() => thief), 'ERR_CAPABILITY_DELEGATED'],
  ['a request, on purpose', request(() => thief, { delegation: false }), 'ERR_CAPABILITY_DELEGATED'],
  ['delegation that is undefined', request(() => thief, { delegation: undefined }), 'TypeError: delegation'],
  ['delegation that is true', request(() => thief, { delegation: true }), 'TypeError: delegation'],
  ['delegation that is a number', verify(() => thief.cacao, { delegation: 2 }), 'TypeError: delegation'],
  [
    'delegation without a number of links',
    verify(() => thief.cacao, { delegation: {} }),
    'TypeError: delegation.maxLinks',
  ],
  [
    'delegation to one link',
    verify(() => thief.cacao, { delegation: { maxLinks: 1 } }),
    'TypeError: delegation.maxLinks',
  ],
  [
    'delegation without end',
    verify(() => thief.cacao, { delegation: { maxLinks: Number.POSITIVE_INFINITY } }),
    'TypeError: delegation.maxLinks',
  ],
  [
    'delegation with an undefined maxSecs',
    verify(() => thief.cacao, { delegation: { ...LIMITS, maxSecs: undefined } }),
    'TypeError: maxSecs',
  ],
  [
    'delegation with a misspelt member',
    verify(() => thief.cacao, { delegation: { ...LIMITS, maxSec: 60 } }),
    'TypeError: maxSec',
  ],
])

tryAttacks('a chain with more links than are accepted', [
  ['(a chain with as many links)', verify(() => thief.cacao, { delegation: LIMITS }), 'accepted'],
  ['(a request with as many links)', request(() => thief, { delegation: LIMITS }), 'accepted'],
  ['one link more', verify(() => third.cacao, { delegation: LIMITS }), 'ERR_CAPABILITY_DELEGATED'],
  ['a request with one link more', request(() => third, { delegation: LIMITS }), 'ERR_CAPABILITY_DELEGATED'],
  [
    'a longer lifetime than maxSecs',
    request(() => thief, { delegation: { ...LIMITS, maxSecs: 3600 } }),
    'ERR_CAPABILITY_DELEGATED',
  ],
  [
    '(a short lifetime, before its end)',
    verify(() => minute.cacao, {
      delegation: { ...LIMITS, maxSecs: 60 },
      now: () => Date.parse('2024-06-01T13:00:30Z'),
    }),
    'accepted',
  ],
  [
    'a short lifetime, after its end',
    verify(() => minute.cacao, { delegation: { ...LIMITS, maxSecs: 60 } }),
    'ERR_CAPABILITY_EXPIRED',
  ],
  [
    'a lifetime that began long ago',
    async () => {
      const early = await draft(session, 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3', {
        nbf: '2026-01-31T12:00:00Z',
        exp: '2026-01-31T12:00:50Z',
      })
      return verifyCacao(early, { verifiers, now: () => NOW, delegation: { ...LIMITS, maxSecs: 60 } })
    },
    'ERR_CAPABILITY_DELEGATED',
  ],
  [
    'a link of a session that was revoked',
    verify(() => thief.cacao, {
      delegation: LIMITS,
      revocation: {
        isRevoked: (link: unknown) => (link as Holder['cacao']).p.nonce === session.cacao.p.nonce,
      },
    }),
    'ERR_CAPABILITY_REVOKED',
  ],
])

tryAttacks('a field of the wallet’s message, taken from a link that no person signed', [
  [
    '(the nonce that the wallet signed)',
    verify(() => thief.cacao, { delegation: LIMITS, nonce: 'abcdefgh12' }),
    'accepted',
  ],
  [
    'a server’s new nonce, signed by the session’s key',
    verify(() => thief.cacao, { delegation: LIMITS, nonce: 'freshnonce1' }),
    'ERR_CAPABILITY_NONCE',
  ],
  [
    'another domain',
    verify(() => thief.cacao, { delegation: LIMITS, domains: ['other.example.com'] }),
    'ERR_CAPABILITY_DOMAIN',
  ],
  [
    'a session of last week that passes for a new sign-in',
    async () => {
      const signIns = nonces()
      const fresh = await delegated(session, 'P-256', { nonce: signIns.issue() })
      const { root } = await requestVerifier({ ...accepting, delegation: LIMITS })(
        await signRequest(post(), fresh, NOW),
      )
      return signIns.consume(root.p.nonce)
    },
    'nothing',
  ],
  [
    '(a new sign-in with the wallet)',
    async () => {
      const signIns = nonces()
      const fresh = await granted('P-256', { nonce: signIns.issue() })
      const { root } = await requestVerifier(accepting)(await signRequest(post(), fresh, NOW))
      return signIns.consume(root.p.nonce)
    },
    'accepted',
  ],
  [
    'a chain with a root of the attacker',
    async () => {
      const { root } = await verifyCacao(
        { ...structuredClone(session.cacao), root: thief.cacao },
        { verifiers, now: () => NOW },
      )
      return root
    },
    'ERR_CAPABILITY_INVALID',
  ],
])

tryAttacks('a script in the page for a short time', [
  [
    'tries to export the key',
    async () => {
      const auth = ethereumAuth(KEY_A, undefined, { domain: 'example.com' })
      const store = memoryStore()
      const held = await DIDSession.get(session.cacao.p.iss, auth, {
        resources: ['https://api.example.com/*'],
        store,
      })
      return held.serialize()
    },
    'ERR_NOT_SERIALIZABLE',
  ],
  [
    'delegates to its own key, and uses that later',
    async () => {
      const auth = ethereumAuth(KEY_A, undefined, { domain: 'example.com' })
      const held = await DIDSession.get(session.cacao.p.iss, auth, {
        resources: ['https://api.example.com/*'],
        store: memoryStore(),
      })
      const stolen = await DIDSession.authorize(({ uri = '' }) => held.delegate({ audience: uri }), {
        resources: ['https://api.example.com/*'],
      })
      return requestVerifier({ ...accepting, now: Date.now })(await stolen.signRequest(post()))
    },
    'ERR_CAPABILITY_DELEGATED',
  ],
])
