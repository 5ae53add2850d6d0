import { beforeAll } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { cacaoCID } from '../../src/capability/cid.js'
import { toDID } from '../../src/compat/dids.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import {
  didOf,
  FORGEABLE_KEY,
  FORGED_SIGNATURE,
  NON_CANONICAL_KEYS,
  SMALL_ORDER_KEYS,
} from '../setup/bad-keys.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A } from '../setup/wallet.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks on functions that receive a JWS. Without its capability, a JWS proves only its key, so a check that needs a
// capability must fail then, and must not be skipped.

const verifiers = ethereumVerifiers()
const NOTES = 'https://api.example.com/notes/*'
const NOBODY = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'
const NOTE = 'https://api.example.com/notes/1'
let jws: unknown
let capability: Cacao
let delegated: Cacao
let delegatedJWS: unknown
let keyDID: string
beforeAll(async () => {
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'example.com' })
  const session = await DIDSession.authorize(auth, { resources: [NOTES] })
  jws = await (await toDID(session)).createJWS({ note: 'a' })
  capability = session.cacao
  keyDID = session.keyDID
  const heir = await DIDSession.authorize(({ uri = '' }) => session.delegate({ audience: uri }), {
    resources: [NOTES],
  })
  delegated = heir.cacao
  const header = {
    alg: 'EdDSA',
    cap: `ipfs://${cacaoCID(delegated)}`,
    kid: `${heir.keyDID}#${heir.keyDID.slice(8)}`,
  }
  const input = [header, { note: 'a' }].map((part) => toBase64url(utf8(JSON.stringify(part)))).join('.')
  delegatedJWS = `${input}.${toBase64url(await heir.sign(utf8(input)))}`
})

const alone = (options: object) => () => verifyJWS(jws, options)
const under =
  (options: object, changes: { input?: () => unknown; capability?: () => unknown } = {}) =>
  () =>
    verifyJWS((changes.input ?? (() => jws))(), {
      capability: (changes.capability ?? (() => capability))(),
      verifiers,
      ...options,
    })

tryAttacks('a JWS without the capability that the options require', [
  ['(for its own key)', alone({}), 'accepted'],
  ['(for its own key, as the issuer)', () => verifyJWS(jws, { issuer: keyDID }), 'accepted'],
  ['for an account', alone({ issuer: ACCOUNT_A }), 'ERR_CAPABILITY_ISSUER'],
  ['for resources', alone({ resources: [NOTE] }), 'ERR_CAPABILITY_RESOURCES'],
  ['for an empty list of resources', alone({ resources: [] }), 'TypeError: resources'],
  ['for resources that are undefined', alone({ resources: undefined }), 'TypeError: resources'],
  [
    'for an ability',
    alone({ ability: { ability: 'notes/delete', resource: NOTE } }),
    'ERR_CAPABILITY_RESOURCES',
  ],
  ['for a domain', alone({ domains: ['example.com'] }), 'ERR_CAPABILITY_RESOURCES'],
  ['for any domain', alone({ domains: () => true }), 'ERR_CAPABILITY_RESOURCES'],
  ['for an empty list of domains', alone({ domains: [] }), 'TypeError: domains'],
  ['for a nonce', alone({ nonce: 'abcdefgh12' }), 'ERR_CAPABILITY_RESOURCES'],
  ['for a revocation store', alone({ revocation: { isRevoked: () => false } }), 'ERR_CAPABILITY_RESOURCES'],
  ['a misspelt option', alone({ capabilities: [] }), 'TypeError: capabilities'],
])

tryAttacks('a JWS with an insufficient capability', [
  [
    '(with a sufficient capability)',
    under({ domains: ['example.com'], resources: [NOTE], issuer: ACCOUNT_A }),
    'accepted',
  ],
  [
    'an undefined capability',
    under({ domains: ['example.com'] }, { capability: () => undefined }),
    'ERR_CAPABILITY_INVALID',
  ],
  ['null for a capability', under({}, { capability: () => null }), 'ERR_CAPABILITY_INVALID'],
  ['no verifiers', under({ verifiers: undefined }), 'TypeError: verifiers'],
  ['empty verifiers', under({ verifiers: {} }), 'TypeError: verifiers'],
  ['another domain', under({ domains: ['example.org'] }), 'ERR_CAPABILITY_DOMAIN'],
  ['a string in place of the list of domains', under({ domains: 'example.com.evil' }), 'TypeError: domains'],
  ['another resource', under({ resources: ['https://api.example.com/account'] }), 'ERR_CAPABILITY_RESOURCES'],
  ['another account', under({ issuer: ACCOUNT_B }), 'ERR_CAPABILITY_ISSUER'],
  [
    'an ability that it does not grant',
    under({ ability: { ability: 'notes/delete', resource: NOTE } }),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'a delegated capability',
    under({}, { input: () => delegatedJWS, capability: () => delegated }),
    'ERR_CAPABILITY_DELEGATED',
  ],
  [
    '(a delegated capability, with the delegation option)',
    under({ delegation: { maxLinks: 2 } }, { input: () => delegatedJWS, capability: () => delegated }),
    'accepted',
  ],
  ['the parent of the delegated capability', under({}, { input: () => delegatedJWS }), 'ERR_JWS_INVALID'],
  ['another audience option', under({ audience: NOBODY }), 'TypeError: audience'],
])

const nobodys = (bytes: Uint8Array) => () => {
  const did = didOf(bytes)
  const head = { alg: 'EdDSA', kid: `${did}#${did.slice(8)}` }
  const input = [head, { note: 'a' }].map((part) => toBase64url(utf8(JSON.stringify(part)))).join('.')
  return verifyJWS(`${input}.${toBase64url(FORGED_SIGNATURE)}`)
}

tryAttacks('a JWS of a key for which anyone can forge signatures', [
  ['zero', nobodys(FORGEABLE_KEY), 'ERR_JWS_INVALID'],
  ...SMALL_ORDER_KEYS.map(
    (bytes, i) => [`point of small order, ${i + 1}`, nobodys(bytes), 'ERR_JWS_INVALID'] as const,
  ),
  ...NON_CANONICAL_KEYS.slice(0, 6).map(
    (bytes, i) => [`non-canonical encoding, ${i + 1}`, nobodys(bytes), 'ERR_JWS_INVALID'] as const,
  ),
])
