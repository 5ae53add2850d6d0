import { fromHex } from '../../src/base/hex.js'
import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { keyAccount, keyVerifiers } from '../../src/wallet/key/index.js'
import { webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import {
  didOf,
  FORGEABLE_KEY,
  FORGED_SIGNATURE,
  NON_CANONICAL_KEYS,
  SMALL_ORDER_KEYS,
} from '../setup/bad-keys.js'
import { signed } from '../setup/capability.js'
import { granted } from '../setup/chain.js'
import { TestPasskeys } from '../setup/passkey.js'
import { signedByPasskey } from '../setup/passkey-capability.js'
import { twinOf } from '../setup/passkey-twin.js'
import { ACCOUNT_A, KEY_A, KEY_B } from '../setup/wallet.js'
import { ORIGIN } from '../setup/with-passkeys.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks on functions that receive a capability. Options are as loose as the places that they come from: JSON, an environment
// variable, JavaScript without types.

const NOTES = 'https://api.example.com/notes/*'
const NOTE = 'https://api.example.com/notes/1'
const cacao = signed({ resources: [NOTES] })
const elsewhere = signed({ resources: [NOTES], domain: 'example.co' })
const verifiers = ethereumVerifiers()

/** Verifies a capability signed on `example.com`, or another one, with options added to those of a careful server. */
const verify =
  (changes: object, input: unknown = cacao) =>
  (): Promise<unknown> =>
    verifyCacao(input, { verifiers, domains: ['example.com'], ...changes })
const inspect =
  (options: object, input: unknown = cacao) =>
  async (): Promise<unknown> =>
    (await inspectCacao(input, { verifiers, ...options } as never)).isAccepted
const ofSites = (domains: unknown) => verify({ domains } as object, elsewhere)
const wants = (...resources: unknown[]) => verify({ resources })
const grants = (...resources: string[]) => verify({ resources: [NOTE] }, signed({ resources }))

tryAttacks('checking a capability with options that would switch a check off', [
  ['(the right domain)', verify({}), 'accepted'],
  ['a list of other domains', ofSites(['example.com']), 'ERR_CAPABILITY_DOMAIN'],
  ['a string that contains the domain, in place of the list', ofSites('example.com'), 'TypeError: domains'],
  ['a Set', ofSites(new Set(['example.com'])), 'TypeError: domains'],
  ['null', ofSites(null), 'TypeError: domains'],
  ['an environment variable that is not set', ofSites(undefined), 'TypeError: domains'],
  ['an empty list', ofSites([]), 'TypeError: domains'],
  ['an object', ofSites({ 0: 'example.com' }), 'TypeError: domains'],
  ['a RegExp', ofSites(/example\.com/), 'TypeError: domains'],
  ['a nested list', ofSites([['example.co']]), 'TypeError: domains'],
  ['a promise of a list', ofSites(Promise.resolve(['example.com'])), 'TypeError: domains'],
  ['a function that returns a truthy value', ofSites(() => 'yes'), 'ERR_CAPABILITY_DOMAIN'],
  [
    'a function that throws',
    ofSites(() => {
      throw new Error('down')
    }),
    'ERR_CAPABILITY_DOMAIN',
  ],
  ['a function that returns a promise', ofSites(async () => false), 'ERR_CAPABILITY_DOMAIN'],
  ['a misspelt option', verify({ domain: ['example.com'] }, elsewhere), 'TypeError: domain'],
  ['another spelling', verify({ Resources: ['a:b'] }), 'TypeError: Resources'],
  ['an undefined audience', verify({ audience: undefined }), 'TypeError: audience'],
  ['an undefined nonce', verify({ nonce: undefined }), 'TypeError: nonce'],
  ['an empty nonce', verify({ nonce: '' }), 'TypeError: nonce'],
  ['an undefined issuer', verify({ issuer: undefined }), 'TypeError: issuer'],
  ['a function in place of a revocation store', verify({ revocation: () => false }), 'TypeError: revocation'],
  ['an undefined revocation store', verify({ revocation: undefined }), 'TypeError: revocation'],
  [
    'a revocation store without isRevoked',
    verify({ revocation: { isRevoked: () => undefined } }),
    'ERR_CAPABILITY_REVOKED',
  ],
  ['no verifiers', verify({ verifiers: {} }), 'TypeError: verifiers'],
  ['verifiers that are no functions', verify({ verifiers: { eip191: true } }), 'TypeError: verifiers'],
  [
    'verifiers of another kind of account',
    verify({ verifiers: { 'key:p256': () => undefined } }),
    'ERR_CAPABILITY_UNSUPPORTED',
  ],
  [
    'inherited options',
    () => verifyCacao(elsewhere, Object.create({ verifiers, domains: ['example.com'] })),
    'TypeError: options',
  ],
  [
    'options inherited from an object without a prototype',
    () =>
      verifyCacao(
        elsewhere,
        Object.assign(Object.create(Object.assign(Object.create(null), { domains: ['example.com'] })), {
          verifiers,
        }),
      ),
    'TypeError: options',
  ],
  [
    'an instance of a class',
    () =>
      verifyCacao(
        elsewhere,
        new (class {
          verifiers = verifiers
        })(),
      ),
    'TypeError: options',
  ],
  ['a list of options', () => verifyCacao(elsewhere, [] as never), 'TypeError: options'],
  ['a clock that is a date', verify({ now: new Date() }), 'TypeError: now'],
  ['a clock that returns NaN', verify({ now: () => Number.NaN }), 'ERR_CAPABILITY_EXPIRED'],
  [
    'inspectCacao: a string in place of the list',
    inspect({ domains: 'example.com' }, elsewhere),
    'TypeError: domains',
  ],
  ['inspectCacao: an undefined option', inspect({ resources: undefined }), 'TypeError: resources'],
  ['inspectCacao: (the right domain)', inspect({ domains: ['example.com'] }), 'accepted'],
])

tryAttacks('a domain that is never spelt so, and would never match', [
  ['a scheme', ofSites(['https://example.com']), 'TypeError: domains'],
  ['a path', ofSites(['example.com/']), 'TypeError: domains'],
  ['upper case', ofSites(['Example.com']), 'TypeError: domains'],
  ['a wildcard', ofSites(['*.example.com']), 'TypeError: domains'],
  ['the default port', ofSites(['example.com:443']), 'TypeError: domains'],
  ['white space', ofSites([' example.com']), 'TypeError: domains'],
  ['a user name', ofSites(['me@example.com']), 'TypeError: domains'],
  ['an empty entry', ofSites(['example.com', '']), 'TypeError: domains'],
])

tryAttacks('a resource that was not granted', [
  ['(a granted resource)', wants(NOTE), 'accepted'],
  ['another resource', wants('https://api.example.com/account'), 'ERR_CAPABILITY_RESOURCES'],
  [
    'a resource with the granted one as a prefix',
    wants('https://api.example.com/notesx/1'),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'a path that leaves it by dot segments',
    wants('https://api.example.com/notes/../account'),
    'TypeError: resources',
  ],
  [
    'a path that leaves it by encoded dots',
    wants('https://api.example.com/notes/%2e%2E/account'),
    'TypeError: resources',
  ],
  [
    'a path that leaves it by twice encoded dots',
    wants('https://api.example.com/notes/%252e%252e/account'),
    'TypeError: resources',
  ],
  [
    'a path that leaves it by dots with a path parameter',
    wants('https://api.example.com/notes/..;x=1/account'),
    'TypeError: resources',
  ],
  [
    'a path that leaves it by an encoded slash',
    wants('https://api.example.com/notes/..%2faccount'),
    'TypeError: resources',
  ],
  ['a line break after it', wants(`${NOTE}\n`), 'TypeError: resources'],
  ['a NUL in it', wants(`${NOTE}\0.txt`), 'TypeError: resources'],
  ['white space in it', wants('https://api.example.com/notes/ 1'), 'TypeError: resources'],
  ['a backslash', wants('https://api.example.com/notes\\..\\account'), 'TypeError: resources'],
  ['no resource', wants(), 'TypeError: resources'],
  ['an empty string', wants(''), 'TypeError: resources'],
  ['a string in place of the list', verify({ resources: NOTE }), 'TypeError: resources'],
  ['undefined', verify({ resources: undefined }), 'TypeError: resources'],
  ['granted with dot segments', grants('https://api.example.com/x/../notes/*'), 'ERR_CAPABILITY_RESOURCES'],
  [
    'granted with encoded dots',
    grants('https://api.example.com/%2e%2e/*', 'https://api.example.com/notes/%2E/*'),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'granted with a wildcard in the middle',
    grants('https://*.example.com/notes/1'),
    'ERR_CAPABILITY_RESOURCES',
  ],
])

const revoked = async (...others: object[]): Promise<void> => {
  const revocation = memoryRevocation()
  await revocation.revoke(cacao)
  for (const other of others) await verifyCacao(other, { verifiers, revocation })
}
const upper = cacao.p.iss.replace(/0x[0-9a-f]+/, (address) => `0x${address.slice(2).toUpperCase()}`)
const bytes = fromHex(String(cacao.s.s).slice(2)) ?? new Uint8Array()
const compact = bytes.slice(0, 64)
compact[32] = (compact[32] ?? 0) | (((bytes[64] ?? 0) - 27) << 7)
const { h, p, s } = cacao

/** A passkey's signature fits two keys, and the account isn't signed, so the same capability has two issuers. */
const revokedPasskey =
  (name: (cacao: Cacao) => Cacao, other: (cacao: Cacao) => Cacao) => async (): Promise<unknown> => {
    const made = await signedByPasskey(new TestPasskeys(ORIGIN))
    const revocation = memoryRevocation()
    await revocation.revoke(name(made))
    return verifyCacao(other(made), {
      verifiers: webauthnVerifiers(),
      revocation,
    })
  }
const itself = (made: Cacao): Cacao => made

tryAttacks('a revoked capability in another encoding', [
  ['(another capability)', () => revoked(elsewhere), 'nothing'],
  [
    '(the encodings, if they are not revoked)',
    verify({}, { h, p: { ...p, iss: upper }, s: { ...s, s: compact } }),
    'accepted',
  ],
  ['itself', () => revoked(cacao), 'ERR_CAPABILITY_REVOKED'],
  ['another header type', () => revoked({ h: { t: 'caip122' }, p, s }), 'ERR_CAPABILITY_REVOKED'],
  ['the account in upper case', () => revoked({ h, p: { ...p, iss: upper }, s }), 'ERR_CAPABILITY_REVOKED'],
  ['the signature as bytes', () => revoked({ h, p, s: { ...s, s: bytes } }), 'ERR_CAPABILITY_REVOKED'],
  [
    'the signature in its compact form',
    () => revoked({ h, p, s: { ...s, s: compact } }),
    'ERR_CAPABILITY_REVOKED',
  ],
])

tryAttacks('a revoked passkey’s capability, with the other key that fits its signature', [
  [
    '(the other key, if it is not revoked)',
    async () =>
      verifyCacao(twinOf(await signedByPasskey(new TestPasskeys(ORIGIN))), {
        verifiers: webauthnVerifiers(),
      }),
    'accepted',
  ],
  ['itself', revokedPasskey(itself, itself), 'ERR_CAPABILITY_REVOKED'],
  ['the other key', revokedPasskey(itself, twinOf), 'ERR_CAPABILITY_REVOKED'],
  ['the key itself, revoked through the other one', revokedPasskey(twinOf, itself), 'ERR_CAPABILITY_REVOKED'],
  [
    'the account, revoked through the other key',
    async () => {
      const made = await signedByPasskey(new TestPasskeys(ORIGIN))
      const revocation = memoryRevocation()
      await revocation.revokeAll(made.p.iss)
      return verifyCacao(twinOf(made), {
        verifiers: webauthnVerifiers(),
        revocation,
      })
    },
    'ERR_CAPABILITY_REVOKED',
  ],
])

/** A capability of a key for which anyone can forge signatures, or granted to such a key. */
const nobodys = (bytes: Uint8Array) => () => {
  const iss = didOf(bytes)
  const signature = toBase64url(FORGED_SIGNATURE)
  return verifyCacao(
    { h: { t: 'caip122' }, p: { ...p, iss }, s: { t: 'key:ed25519', s: signature } },
    { verifiers: keyVerifiers() },
  )
}

tryAttacks('a key for which anyone can forge signatures', [
  ['zero', nobodys(FORGEABLE_KEY), 'ERR_CAPABILITY_SIGNATURE'],
  ...SMALL_ORDER_KEYS.map(
    (bytes, i) => [`point of small order, ${i + 1}`, nobodys(bytes), 'ERR_CAPABILITY_SIGNATURE'] as const,
  ),
  ...NON_CANONICAL_KEYS.slice(0, 6).map(
    (bytes, i) => [`non-canonical encoding, ${i + 1}`, nobodys(bytes), 'ERR_CAPABILITY_SIGNATURE'] as const,
  ),
  [
    'as the account of keyAuth',
    () => keyAccount({ did: didOf(FORGEABLE_KEY), sign: async () => FORGED_SIGNATURE } as never),
    'TypeError: key',
  ],
])

const says = (changes: object) => () => verifyCacao(signed(changes as Record<string, unknown>), { verifiers })

tryAttacks('a message that appears to say something else', [
  ['(letters of any language)', says({ statement: 'Anmelden für Notizen — メモ' }), 'accepted'],
  [
    'a statement in reversed direction',
    says({ statement: 'Read \u202eetelED\u202c only' }),
    'ERR_CAPABILITY_INVALID',
  ],
  ['a statement with an isolate', says({ statement: 'Read \u2066only\u2069' }), 'ERR_CAPABILITY_INVALID'],
  [
    'a statement with an invisible character',
    says({ statement: 'Read\u200b only' }),
    'ERR_CAPABILITY_INVALID',
  ],
  [
    'a statement with invisible tag characters',
    says({ statement: 'Read \u{e0041}only' }),
    'ERR_CAPABILITY_INVALID',
  ],
  ['a line break', says({ statement: 'Read\nURI: did:key:z6Mk' }), 'ERR_CAPABILITY_INVALID'],
  ['a domain with an invisible character', says({ domain: 'exam\u00adple.com' }), 'ERR_CAPABILITY_INVALID'],
])

const resources = [NOTES]
/** What an auth method returns instead of the requested capability. */
const answers =
  (changes: Record<string, unknown>, options: object = {}, key?: string) =>
  (): Promise<DIDSession> =>
    DIDSession.authorize(
      async (opts) => {
        const { aud = opts.uri, ...others } = changes
        const asked = {
          aud,
          resources: opts.resources,
          iat: opts.issuedAt,
          exp: opts.expirationTime,
          domain: opts.domain ?? 'example.com',
          statement: opts.statement,
          nonce: opts.nonce ?? 'abcdefgh12',
        }
        return signed({ ...asked, ...others }, key)
      },
      { resources, ...options },
    )
const days = (count: number): string => new Date(Date.now() + count * 86_400_000).toISOString()

tryAttacks('an auth method that returns another capability than requested', [
  ['(the requested capability)', answers({}), 'accepted'],
  [
    'more resources',
    answers({ resources: [NOTES, 'https://api.example.com/account'] }),
    'ERR_CAPABILITY_RESOURCES',
  ],
  ['a wider resource', answers({ resources: ['https://*'] }), 'ERR_CAPABILITY_RESOURCES'],
  ['fewer', answers({ resources: ['https://api.example.com/notes/1'] }), 'ERR_CAPABILITY_RESOURCES'],
  ['a later expiry', answers({ exp: days(30) }, { expiresInSecs: 60 }), 'ERR_CAPABILITY_INVALID'],
  ['no expiry', answers({ exp: undefined }, { expiresInSecs: 60 }), 'ERR_CAPABILITY_INVALID'],
  [
    'another domain',
    answers({ domain: 'evil.example.com' }, { domain: 'example.com' }),
    'ERR_CAPABILITY_DOMAIN',
  ],
  ['another statement', answers({ statement: 'Pay' }, { statement: 'Read' }), 'ERR_CAPABILITY_INVALID'],
  [
    'another key',
    answers({ aud: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3' }),
    'ERR_CAPABILITY_AUDIENCE',
  ],
  ['another nonce', answers({ nonce: 'another12345' }, { nonce: 'abcdefgh12' }), 'ERR_CAPABILITY_NONCE'],
  ['a signature by another wallet', answers({}, { verifiers }, KEY_B), 'ERR_CAPABILITY_SIGNATURE'],
  [
    'another account',
    () =>
      DIDSession.authorize(ethereumAuth(KEY_B, ACCOUNT_A, { domain: 'example.com' }), {
        resources,
        verifiers,
      }),
    'ERR_CAPABILITY_SIGNATURE',
  ],
  [
    'a capability signed yesterday',
    async () => {
      const { cacao: old } = await granted()
      return DIDSession.authorize(async () => old, { resources: ['https://api.example.com/*'] })
    },
    'ERR_CAPABILITY_AUDIENCE',
  ],
  [
    'a secret in place of an auth method',
    () => DIDSession.authorize(KEY_A as never, { resources }),
    'TypeError: authMethod',
  ],
])
