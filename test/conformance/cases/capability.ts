import type { Cacao } from 'cacao-session'
import { equal, refuses } from '../check.js'
import {
  altered,
  DOMAIN,
  DURING,
  ED25519_DID,
  ED25519_SEED,
  EXPIRES_AT,
  fixedCapability,
  ISSUER,
  NOTES,
  OTHER_KEY,
  SIGNED_AT,
} from '../known.js'
import type { Case, Library, SharedFiles } from '../library.js'

interface CapabilityFixture {
  readonly cacao: Cacao
}

type Options = Parameters<Library['verify']['verifyCacao']>[1]

/** The signature by viem over the same text, which RFC 6979 makes deterministic. */
const SIGNATURE =
  '0x8fcdb6827411fc5109625232939d73b2af3a86a8ca14432914d607c6cda960477547d9540a2cc7340260939c23a18d31544365649612e67b95ccdd223784ec871b'
/** Computed with @ipld/dag-cbor and multiformats. */
const CID = 'bafyreidknh63yz53xgrkqj5na5igsznoo65udaqdlctinza5agaepnnlza'

function verify(
  { verify, ethereum }: Library,
  cacao: unknown,
  options: Partial<Options> = {},
): Promise<Cacao> {
  return verify.verifyCacao(cacao, { verifiers: ethereum.ethereumVerifiers(), now: DURING, ...options })
}

const changes: readonly (readonly [what: string, code: string, change: (cacao: Cacao) => unknown])[] = [
  [
    'another domain',
    'ERR_CAPABILITY_SIGNATURE',
    (cacao) => ({ ...cacao, p: { ...cacao.p, domain: 'evil.example' } }),
  ],
  [
    'more resources',
    'ERR_CAPABILITY_SIGNATURE',
    (cacao) => ({ ...cacao, p: { ...cacao.p, resources: ['urn:all'] } }),
  ],
  [
    'a later expiry',
    'ERR_CAPABILITY_SIGNATURE',
    (cacao) => ({ ...cacao, p: { ...cacao.p, exp: '2099-01-01T00:00:00Z' } }),
  ],
  ['no expiry', 'ERR_CAPABILITY_SIGNATURE', ({ h, s, p: { exp: _, ...p } }) => ({ h, p, s })],
  [
    'another signature',
    'ERR_CAPABILITY_SIGNATURE',
    ({ h, p, s }) => ({ h, p, s: { ...s, s: altered(String(s.s)) } }),
  ],
  ['no signature', 'ERR_CAPABILITY_INVALID', ({ h, p }) => ({ h, p })],
  ['an unknown member', 'ERR_CAPABILITY_INVALID', (cacao) => ({ ...cacao, p: { ...cacao.p, admin: true } })],
  [
    'a date in another format',
    'ERR_CAPABILITY_INVALID',
    (cacao) => ({ ...cacao, p: { ...cacao.p, exp: 1_767_830_400 } }),
  ],
  [
    'an unknown signature type',
    'ERR_CAPABILITY_UNSUPPORTED',
    ({ h, p, s }) => ({ h, p, s: { ...s, t: 'toString' } }),
  ],
]

const expectations: readonly (readonly [what: string, code: string, options: Partial<Options>])[] = [
  ['after its expiry', 'ERR_CAPABILITY_EXPIRED', { now: () => EXPIRES_AT }],
  ['before its nbf', 'ERR_CAPABILITY_NOT_YET_VALID', { now: () => SIGNED_AT - 301_000 }],
  ['for another account', 'ERR_CAPABILITY_ISSUER', { issuer: `eip155:1:0x${'0'.repeat(40)}` }],
  ['for another key', 'ERR_CAPABILITY_AUDIENCE', { audience: ED25519_DID.replace(/.$/, 'x') }],
  ['on another domain', 'ERR_CAPABILITY_DOMAIN', { domains: ['other.example'] }],
  ['for another nonce', 'ERR_CAPABILITY_NONCE', { nonce: 'conformance2' }],
  ['for another resource', 'ERR_CAPABILITY_RESOURCES', { resources: ['https://api.example.com/admin'] }],
  ['after its revocation', 'ERR_CAPABILITY_REVOKED', { revocation: { isRevoked: () => true } }],
]

const own: readonly Case[] = [
  {
    name: 'has the same signature in every runtime',
    run: async (library) => equal((await fixedCapability(library)).s.s, SIGNATURE),
  },
  {
    name: 'has the same CID in every runtime',
    run: async (library) => equal(library.verify.cacaoCID(await fixedCapability(library)), CID),
  },
  {
    name: 'is accepted with every matching option',
    async run(library) {
      const cacao = JSON.parse(JSON.stringify(await fixedCapability(library)))
      const options = {
        issuer: ISSUER,
        audience: ED25519_DID,
        domains: [DOMAIN],
        nonce: 'conformance1',
        revocation: { isRevoked: () => false },
      }
      const resources = [NOTES.replace('*', '7')]
      equal(await verify(library, cacao, { ...options, resources }), cacao)
      equal((await verify(library, cacao, { now: () => EXPIRES_AT - 1 })).p.aud, ED25519_DID)
    },
  },
  ...changes.map(
    ([what, code, change]): Case => ({
      name: `is refused with ${what}`,
      run: async (library) => {
        const cacao = await fixedCapability(library)
        await refuses(code, () => verify(library, change(cacao)))
      },
    }),
  ),
  ...expectations.map(
    ([what, code, options]): Case => ({
      name: `is refused ${what}`,
      run: async (library) =>
        refuses(code, async () => verify(library, await fixedCapability(library), options)),
    }),
  ),
  {
    name: 'is refused if another account signed it',
    async run(library) {
      const cacao = await fixedCapability(library)
      const { s } = await library.ethereum.ethereumAuth(OTHER_KEY, undefined, { domain: DOMAIN })({
        uri: ED25519_DID,
      })
      await refuses('ERR_CAPABILITY_SIGNATURE', () => verify(library, { ...cacao, s }))
    },
  },
  ...(['Ed25519', 'P-256', 'secp256k1'] as const).map(
    (type): Case => ({
      name: `of a ${type} did:key is accepted, and refused when changed`,
      async run({ key, verify }) {
        const device = { type, secret: ED25519_SEED }
        const cacao = await key.keyAuth(device, { domain: DOMAIN })({ uri: ED25519_DID, resources: [NOTES] })
        const options = { verifiers: key.keyVerifiers(), issuer: await key.keyAccount(device) }
        equal((await verify.verifyCacao(cacao, options)).p.iss, options.issuer)
        const forged = { ...cacao, p: { ...cacao.p, resources: ['urn:all'] } }
        await refuses('ERR_CAPABILITY_SIGNATURE', () => verify.verifyCacao(forged, options))
      },
    }),
  ),
  {
    name: 'with abilities allows these and no others',
    async run({ core, key, verify }) {
      const device = { type: 'Ed25519', secret: ED25519_SEED } as const
      const abilities = { 'https://api.example.com/notes': { 'notes/read': [{}] } }
      const session = await core.DIDSession.authorize(key.keyAuth(device, { domain: DOMAIN }), { abilities })
      const resource = 'https://api.example.com/notes'
      equal([session.can('notes/read', resource), session.can('notes/write', resource)], [true, false])
      const check = (ability: string) =>
        verify.verifyCacao(session.cacao, { verifiers: key.keyVerifiers(), ability: { ability, resource } })
      equal((await check('notes/read')).p.aud, session.keyDID)
      await refuses('ERR_CAPABILITY_RESOURCES', () => check('notes/write'))
    },
  },
  {
    name: 'can be delegated within its resources',
    async run({ core, key, verify }) {
      const device = { type: 'Ed25519', secret: ED25519_SEED } as const
      const session = await core.DIDSession.authorize(key.keyAuth(device, { domain: DOMAIN }), {
        resources: [NOTES],
      })
      const resources = [NOTES.replace('*', '7')]
      const handed = await session.delegate({ audience: ED25519_DID, resources })
      const accepted = await verify.verifyCacao(handed, {
        verifiers: key.keyVerifiers(),
        issuer: session.id,
        resources,
        delegation: { maxLinks: 2 },
      })
      equal(accepted.p.aud, ED25519_DID)
      equal(accepted.root.p.aud, session.keyDID)
      await refuses('ERR_CAPABILITY_DELEGATED', () =>
        verify.verifyCacao(handed, { verifiers: key.keyVerifiers() }),
      )
      await refuses('ERR_CAPABILITY_RESOURCES', () =>
        session.delegate({ audience: ED25519_DID, resources: ['urn:all'] }),
      )
    },
  },
]

/** A granted ability, and one that is not granted. */
export function capability(shared: SharedFiles): Case[] {
  const theirs = Object.entries(shared).flatMap(([file, content]): Case[] => {
    const [, name] = /^fixtures\/did-session-4\/(cacao-.*)\.json$/.exec(file) ?? []
    if (name === undefined) return []
    const { cacao } = content as CapabilityFixture
    // Each capability is valid at some time: when it was signed, or from its nbf on.
    const now = (): number => Date.parse(cacao.p.nbf ?? cacao.p.iat) + 1000
    return [
      {
        name: `did-session 4: ${name}`,
        async run(library) {
          equal((await verify(library, cacao, { now })).p.aud, cacao.p.aud)
          const forged = { ...cacao, s: { ...cacao.s, s: altered(String(cacao.s.s)) } }
          await refuses('ERR_CAPABILITY_SIGNATURE', () => verify(library, forged, { now }))
        },
      },
    ]
  })
  return [...own, ...theirs]
}
