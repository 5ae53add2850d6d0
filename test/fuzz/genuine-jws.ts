import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { concat, utf8 } from '../../src/base/bytes.js'
import { toHex } from '../../src/base/hex.js'
import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { cacaoCID } from '../../src/capability/cid.js'
import { SEED } from '../setup/seed.js'
import { grantedTo, type Signer, signers } from './genuine.js'
import { Random } from './random.js'

/** A JWS that a session key really signed, as its parts. */
export interface GenuineJWS {
  readonly header: Readonly<Record<string, string>>
  readonly head: string
  readonly body: string
  readonly signature: string
  readonly signer: Signer
  readonly capability?: Cacao
  readonly cid?: string
  readonly link?: CID
}

/** What the verifier returns for a JWS: its signer, its payload and its capability. */
export function contentOfJWS(kid: string, payload: Uint8Array, cid = ''): string {
  return `${kid} ${toHex(payload)} ${cid}`
}

const random = new Random(SEED, 0x1757)
const objects = fc.sample(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 }), {
  seed: SEED,
  numRuns: 200,
})

/** Signs any header and payload. */
async function signJWS(header: string, body: string, signer: Signer): Promise<GenuineJWS> {
  const head = toBase64url(utf8(header))
  const signature = toBase64url(await signer.sign(utf8(`${head}.${body}`)))
  return { header: JSON.parse(header) as Record<string, string>, head, body, signature, signer }
}

async function make(signer: Signer, capability?: Cacao): Promise<GenuineJWS> {
  const cid = capability && (await cacaoCID(capability))
  const kid = random.oneIn(3) ? signer.did : `${signer.did}#${signer.did.slice('did:key:'.length)}`
  const alg = signer.alg === 'EdDSA' && random.oneIn(3) ? 'Ed25519' : signer.alg
  const header = JSON.stringify({ alg, ...(cid && { cap: `ipfs://${cid}` }), kid })
  const link = random.oneIn(3)
    ? CID.decode(concat(Uint8Array.of(1, 0x71, 0x12, 0x20), random.bytes(32)))
    : undefined
  const body = toBase64url(link?.bytes ?? utf8(JSON.stringify(random.pick(objects))))
  return {
    ...(await signJWS(header, body, signer)),
    ...(capability && { capability }),
    ...(cid && { cid }),
    ...(link && { link }),
  }
}

/** For every signer: with each of a few of its capabilities, and without one. */
export const genuineJWS: readonly GenuineJWS[] = await Promise.all(
  signers.flatMap((signer) =>
    [...grantedTo(signer), undefined].map((capability) => make(signer, capability)),
  ),
)

/** JWS of other keys with the signer's kid, with an algorithm of either key. */
export const stolenJWS: readonly GenuineJWS[] = await Promise.all(
  genuineJWS.map(async (jws, i) => {
    const thief = signers.filter(({ did }) => did !== jws.signer.did)[i % (signers.length - 1)] as Signer
    const alg = i % 2 === 0 ? thief.alg : (jws.header.alg ?? '')
    return { ...jws, ...(await signJWS(JSON.stringify({ ...jws.header, alg }), jws.body, thief)) }
  }),
)
