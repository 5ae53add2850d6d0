import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { type Cacao, issuerAccount } from '../../src/capability/cacao.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import type { Caller } from '../../src/http/capability-gate.js'
import type { TokenKind } from '../../src/http/session-token.js'
import { keyURL } from '../../src/http/signature-profile.js'
import { SEED } from '../setup/seed.js'
import { contentOf, grantedTo, judged, type Signer, signers } from './genuine.js'
import { chains } from './genuine-chains.js'
import { AUTHORITIES, newNonce, TARGETS } from './genuine-requests.js'
import { Random } from './random.js'

/** A token that a session key really signed, as its parts. */
export interface GenuineToken {
  readonly kind: TokenKind
  readonly header: string
  readonly payload: Payload
  readonly token: string
  readonly signer: Signer
  readonly cacao: Cacao
  /** For a signed URL: the URL without the token. */
  readonly host: string
  readonly target: string
  readonly content: string
}

interface Payload {
  readonly aud: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly exp: number
  readonly iat: number
  readonly iss: string
  readonly jti: string
}

export const AUDIENCES = ['wss://api.example.com/live', 'grpc.example.org'] as const

const TYPES: Readonly<Record<TokenKind, string>> = {
  token: 'cacao-session+jwt',
  url: 'cacao-session-url+jwt',
}

/** What the verifier returns for a token: its account, its claims, its expiry and its capability. */
export function contentOfToken(
  { aud, claims = {}, exp, iat, jti }: Omit<Payload, 'iss'>,
  { account, cacao }: Pick<Caller, 'account' | 'cacao'>,
): string {
  return JSON.stringify([aud, claims, jti, iat, exp, account, contentOf(cacao)])
}

/** Signs any header and payload. */
export async function signToken(header: string, payload: string, signer: Signer): Promise<string> {
  const input = `${toBase64url(utf8(header))}.${toBase64url(utf8(payload))}`
  return `${input}.${toBase64url(await signer.sign(utf8(input)))}`
}

/** The header of a signer's tokens of this kind. */
export function headerOfToken(kind: TokenKind, { did, alg }: Signer, cacao: Cacao): string {
  return encodeDagJSON({
    alg: alg === 'EdDSA' ? 'Ed25519' : alg,
    cacao,
    kid: keyURL(did),
    typ: TYPES[kind],
  })
}

const random = new Random(SEED, 0x7519)
const CLAIMS = [undefined, {}, { room: 'kitchen' }, { 'é"\\': [1, null, { deep: [true] }], n: -0.5 }] as const

async function make(kind: TokenKind, signer: Signer, cacao: Cacao): Promise<GenuineToken> {
  const [host, target] = [random.pick(AUTHORITIES), random.pick(TARGETS)]
  const claims = kind === 'token' ? random.pick(CLAIMS) : undefined
  const iat = judged.now() / 1000 - random.below(60)
  const account = issuerAccount(cacao)
  const payload: Payload = {
    aud: kind === 'token' ? random.pick(AUDIENCES) : `//${host}${target}`,
    ...(claims && { claims }),
    exp: iat + 60 + random.below(3540),
    iat,
    iss: account.startsWith('did:') ? account : `did:pkh:${account}`,
    jti: newNonce(random),
  }
  const header = headerOfToken(kind, signer, cacao)
  const token = await signToken(header, JSON.stringify(payload), signer)
  const content = contentOfToken(payload, { account, cacao })
  return { kind, header, payload, token, signer, cacao, host, target, content }
}

const MOST_IN_A_HEADER = 6000

/** For every signer: three tokens of each kind with each of three of its capabilities, and of two delegated ones. */
export const genuineTokens: readonly GenuineToken[] = await Promise.all(
  signers.flatMap((signer) =>
    [
      ...grantedTo(signer).slice(0, 3),
      ...chains.flatMap((held) => (held.signer === signer ? [held.cacao] : [])).slice(-2),
    ]
      .filter((cacao) => encodeDagJSON(cacao).length < MOST_IN_A_HEADER)
      .flatMap((cacao) =>
        (['token', 'url'] as const).flatMap((kind) =>
          Array.from({ length: 3 }, () => make(kind, signer, cacao)),
        ),
      ),
  ),
)

/** Tokens that a thief's key signed with a stolen capability, with the key of the thief or the victim in the header. */
export const stolenTokens: readonly GenuineToken[] = await Promise.all(
  genuineTokens.map(async (genuine, i) => {
    const { kind, signer, cacao, payload } = genuine
    const thief = signers.filter(({ did }) => did !== signer.did)[i % (signers.length - 1)] as Signer
    const header = i % 2 === 0 ? headerOfToken(kind, thief, cacao) : genuine.header
    return { ...genuine, header, token: await signToken(header, JSON.stringify(payload), thief) }
  }),
)
