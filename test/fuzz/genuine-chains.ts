import fc from 'fast-check'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { type Cacao, type CacaoPayload, startTime } from '../../src/capability/cacao.js'
import { capabilityIdentity } from '../../src/capability/cid.js'
import { MAX_LINKS, parseCacao } from '../../src/capability/parse-cacao.js'
import { renderKeyMessage } from '../../src/capability/verify-signature.js'
import { payloads } from '../setup/arbitraries.js'
import { SEED } from '../setup/seed.js'
import { grantedTo, type Signer, signers } from './genuine.js'
import { Random } from './random.js'

/** The last link of a chain, and the key to which it was granted. */
export interface Held {
  readonly cacao: Cacao
  readonly signer: Signer
}

const random = new Random(SEED, 0xc4a1)
const texts = fc.sample(payloads({}), { seed: SEED, numRuns: 100 })
const others = (signer: Signer): Signer => random.pick(signers.filter(({ did }) => did !== signer.did))

/** Some of the granted resources, or resources below them. */
function lesser(resources: readonly string[]): string[] {
  const some = resources.filter(() => !random.oneIn(3))
  return (some.length > 0 ? some : resources).map((resource) =>
    resource.endsWith('/*') && !/[?#]/.test(resource) && random.oneIn(2)
      ? `${resource.slice(0, -1)}${random.pick(['a', 'a/*', 'a/b?c#d'])}`
      : resource,
  )
}

/** A payload that the holder may sign for another key. */
function within({ cacao: parent, signer }: Held, aud: string): CacaoPayload {
  const { domain, exp, resources = [] } = parent.p
  const { nonce, statement } = random.pick(texts)
  const end = exp !== undefined && !random.oneIn(3) ? exp : random.pick(['2024-06-30T00:00:00Z', exp])
  return {
    domain,
    iss: signer.did,
    aud,
    version: '1',
    nonce,
    iat: new Date(startTime(parent)).toISOString(),
    ...(end !== undefined && { exp: end }),
    ...(statement !== undefined && { statement }),
    requestId: capabilityIdentity(parent),
    resources: lesser(resources),
  }
}

async function sign(p: CacaoPayload, parent: Cacao, signer: Signer): Promise<Cacao> {
  const s = toBase64url(await signer.sign(utf8(renderKeyMessage(p))))
  const t = signer.alg === 'EdDSA' ? 'key:ed25519' : 'key:p256'
  return { h: { t: 'caip122' }, p, s: { t, s, m: { parent } } }
}

async function delegated(held: Held): Promise<Held> {
  const signer = others(held.signer)
  return { cacao: parseCacao(await sign(within(held, signer.did), held.cacao, held.signer)), signer }
}

const roots: readonly Held[] = signers.flatMap((signer) =>
  grantedTo(signer)
    .filter(({ p }) => p.resources?.length)
    .map((cacao) => ({ cacao, signer })),
)

/** Genuine chains by their number of links; each list delegates from the list before. */
const generations: (readonly Held[])[] = [roots]
for (let links = 2; links <= MAX_LINKS; links++)
  generations.push(await Promise.all((generations.at(-1) ?? []).map(delegated)))

/** The last links of all genuine chains with more than one link. */
export const chains: readonly Held[] = generations.slice(1).flat()

/** Links that are invalid although the holder signed them. */
type Overreach = (p: CacaoPayload, parent: Cacao, other: Cacao) => object

const OVERREACHES: readonly Overreach[] = [
  ({ resources = [] }) => ({ resources: [...resources, 'beyond:all'] }),
  () => ({ resources: ['beyond://*'] }),
  () => ({ resources: [] }),
  () => ({ resources: undefined }),
  () => ({ iat: '1970-01-01T00:00:00Z' }),
  (_, { p }) => (p.exp === undefined ? { iat: '1970-01-01T00:00:00Z' } : { exp: undefined }),
  (_, { p }) => (p.exp === undefined ? { domain: 'beyond.example' } : { exp: '9999-12-31T23:59:59Z' }),
  ({ domain }) => ({ domain: `${domain}1` }),
  () => ({ requestId: undefined }),
  ({ requestId = '' }) => ({ requestId: requestId.toLowerCase() }),
  (_, __, other) => ({ requestId: capabilityIdentity(other) }),
  (_, { p }) => ({ iss: p.iss }),
  ({ aud }) => ({ iss: aud }),
]

/** Signed by the holder, but beyond its resources; or within them, but by another key; or one link too many. */
async function forged(held: Held, i: number): Promise<unknown> {
  const aud = others(held.signer).did
  const p = within(held, aud)
  if (i % 5 === 0) {
    const thief = others(held.signer)
    return sign(random.oneIn(2) ? p : { ...p, iss: thief.did }, held.cacao, thief)
  }
  const overreach = OVERREACHES[i % OVERREACHES.length] as Overreach
  const other = random.pick(chains.filter(({ cacao }) => cacao !== held.cacao)).cacao
  const changed = { ...p, ...overreach(p, held.cacao, other) }
  const isTooLong = generations.at(-1)?.includes(held) ?? false
  // Only a did:key has a text to sign; other issuers keep the old signature.
  const text = changed.iss.startsWith('did:key:') ? changed : p
  return { ...(await sign(isTooLong ? p : text, held.cacao, held.signer)), p: isTooLong ? p : changed }
}

export const forgedChains: readonly unknown[] = await Promise.all(
  [...roots, ...chains].flatMap((held, i) => [forged(held, i), forged(held, i + 7)]),
)
