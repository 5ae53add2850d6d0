import { equal, refuses } from '../check.js'
import { ED25519_DID, fixedCapability } from '../known.js'
import type { Case, SharedFiles } from '../library.js'

interface Vector {
  readonly seed?: string
  readonly verificationMethod?: { readonly privateKeyJwk?: { readonly crv: string; readonly d: string } }
}

const files = [
  { file: 'vectors/did-key/ed25519-x25519.json', type: 'Ed25519' },
  { file: 'vectors/did-key/secp256k1.json', type: 'secp256k1' },
  { file: 'vectors/did-key/nist-curves.json', type: 'P-256' },
] as const

function secretOf({ seed, verificationMethod }: Vector): string | undefined {
  if (seed) return seed
  const { crv, d = '' } = verificationMethod?.privateKeyJwk ?? {}
  if (crv !== 'P-256') return undefined
  const bytes = atob(d.replaceAll('-', '+').replaceAll('_', '/'))
  return [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

const wrong = [
  ['a key of another type', 'did:key:z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW'],
  ['a character outside base58', ED25519_DID.replace('z6Mk', 'z6M0')],
  ['a truncated key', ED25519_DID.slice(0, -1)],
  ['another encoding', ED25519_DID.replace('did:key:z', 'did:key:u')],
  ['another method', ED25519_DID.replace('did:key', 'did:web')],
] as const

/** Keys with their did:key, and malformed ones. */
export function didKey(shared: SharedFiles): Case[] {
  const known = files.flatMap(({ file, type }) =>
    Object.entries((shared[file] ?? {}) as Record<string, Vector>).flatMap(([did, vector]): Case[] => {
      const secret = secretOf(vector)
      if (secret === undefined) return []
      return [
        {
          name: `${type}: ${did}`,
          run: async ({ key }) => equal(await key.keyAccount({ type, secret }), did),
        },
      ]
    }),
  )
  const refused = wrong.map(
    ([what, aud]): Case => ({
      name: `refuses ${what}`,
      async run(library) {
        const cacao = await fixedCapability(library)
        const jws = btoa(JSON.stringify({ alg: 'EdDSA', kid: `${aud}#${aud}` })).replaceAll('=', '')
        await refuses('ERR_JWS_INVALID', () =>
          library.verify.verifyJWS(`${jws}.e30.${'A'.repeat(86)}`, {
            capability: cacao,
            verifiers: library.ethereum.ethereumVerifiers(),
          }),
        )
      },
    }),
  )
  return [...known, ...refused]
}
