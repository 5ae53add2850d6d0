import { equal, refuses } from '../check.js'
import { altered, base64url, DOMAIN, freshSession, NOTES, OTHER_KEY } from '../known.js'
import type { Case, Library, SharedFiles } from '../library.js'

interface JWSFixture {
  readonly name: string
  readonly jws: unknown
  readonly compact: string
  readonly capability: { readonly p: { readonly iat: string } }
}

type Session = Awaited<ReturnType<typeof freshSession>>

/** A JWS (RFC 7515) as did-session 4 makes it, with the session's own key. */
async function signed({ verify }: Library, session: Session, header: object = {}): Promise<string> {
  const alg = session.keyDID.startsWith('did:key:z6Mk') ? 'EdDSA' : 'ES256'
  const kid = `${session.keyDID}#${session.keyDID.slice('did:key:'.length)}`
  const cap = `ipfs://${verify.cacaoCID(session.cacao)}`
  const parts = [{ alg, cap, kid, ...header }, { note: 'text ✓' }]
  const input = parts.map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join('.')
  return `${input}.${base64url(await session.sign(new TextEncoder().encode(input)))}`
}

async function p256Session({ core, ethereum, stores }: Library, account: string): Promise<Session> {
  const auth = ethereum.ethereumAuth(OTHER_KEY, undefined, { domain: DOMAIN })
  return core.DIDSession.get(account, auth, { resources: [NOTES], store: stores.memoryStore() })
}

const own: readonly Case[] = [
  {
    name: 'of an Ed25519 session is verified for its account',
    async run(library) {
      const session = await freshSession(library)
      const options = {
        capability: session.cacao,
        verifiers: library.ethereum.ethereumVerifiers(),
        resources: [NOTES],
      }
      const { issuer, payload } = await library.verify.verifyJWS(await signed(library, session), options)
      equal([issuer, payload], [session.id, { note: 'text ✓' }])
    },
  },
  {
    name: 'of a P-256 session is verified for its account',
    async run(library) {
      const session = await p256Session(library, await library.ethereum.ethereumAccount(OTHER_KEY))
      const options = { capability: session.cacao, verifiers: library.ethereum.ethereumVerifiers() }
      equal((await library.verify.verifyJWS(await signed(library, session), options)).issuer, session.id)
    },
  },
  {
    name: 'is refused when changed',
    async run(library) {
      const [head, body, tail] = (await signed(library, await freshSession(library))).split('.')
      const { verifyJWS } = library.verify
      await refuses('ERR_JWS_INVALID', () => verifyJWS(`${head}.${altered(body ?? '')}.${tail}`))
      await refuses('ERR_JWS_INVALID', () => verifyJWS(`${head}.${body}.${altered(tail ?? '')}`))
    },
  },
  {
    name: 'is refused with an algorithm that does not fit its key',
    async run(library) {
      const session = await freshSession(library)
      for (const alg of ['none', 'ES256', 'HS256'])
        await refuses('ERR_JWS_INVALID', async () =>
          library.verify.verifyJWS(await signed(library, session, { alg })),
        )
    },
  },
  {
    name: "is refused with another session's capability",
    async run(library) {
      const [mine, theirs] = [await freshSession(library), await freshSession(library)]
      const options = { capability: theirs.cacao, verifiers: library.ethereum.ethereumVerifiers() }
      await refuses('ERR_JWS_INVALID', async () =>
        library.verify.verifyJWS(await signed(library, mine), options),
      )
    },
  },
]

/** A JWS of the session, as did-session's users create it. */
export function jws(shared: SharedFiles): Case[] {
  const theirs = Object.entries(shared).flatMap(([file, content]): Case[] => {
    if (!file.startsWith('fixtures/did-session-4/jws-')) return []
    const { name, jws, compact, capability } = content as JWSFixture
    const now = (): number => Date.parse(capability.p.iat) + 1000
    return [
      {
        name: `did-session 4: ${name}`,
        async run({ ethereum, verify }) {
          const options = { capability, verifiers: ethereum.ethereumVerifiers(), now }
          const found = await verify.verifyJWS(jws, options)
          equal((await verify.verifyJWS(compact, options)).payloadBytes, found.payloadBytes)
          await refuses('ERR_JWS_INVALID', () => verify.verifyJWS(altered(compact), options))
        },
      },
    ]
  })
  return [...own, ...theirs]
}
