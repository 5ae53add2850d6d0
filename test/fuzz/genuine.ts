import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { accountOfDID } from '../../src/base/account.js'
import { fromHex, toHex } from '../../src/base/hex.js'
import { type Cacao, type CacaoPayload, chainOf } from '../../src/capability/cacao.js'
import type { MessageLayout } from '../../src/capability/message.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { encodeDIDKey } from '../../src/key/did-key.js'
import { seedKey } from '../../src/key/generate-key.js'
import { recoverWithSecp256k1 } from '../../src/node/index.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { addressOfPrivateKey } from '../../src/wallet/ethereum/secp256k1.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { payloads } from '../setup/arbitraries.js'
import { native, signText } from '../setup/native-secp256k1.js'
import { SEED } from '../setup/seed.js'
import { Random } from './random.js'

/** The options of every verification, at a time when all genuine inputs are valid. */
export const judged = {
  verifiers: ethereumVerifiers({ recover: recoverWithSecp256k1(native) }),
  now: (): number => Date.parse('2024-06-02T00:00:00Z'),
  delegation: { maxLinks: 4 },
}

/** The options for session strings. */
export const held = { verifiers: judged.verifiers, now: judged.now }

/** A session key, which signs deterministically. */
export interface Signer {
  readonly did: string
  readonly alg: 'EdDSA' | 'ES256'
  readonly seed?: Uint8Array
  sign(data: Uint8Array): Promise<Uint8Array>
}

const seeds = Array.from({ length: 6 }, (_, i) => new Uint8Array(32).fill(i + 65))
export const signers: readonly Signer[] = [
  ...(await Promise.all(
    seeds.map(async (seed): Promise<Signer> => ({ ...(await seedKey(seed)), alg: 'EdDSA', seed })),
  )),
  ...seeds.map((secret): Signer => {
    const bytes = Uint8Array.from(p256.getPublicKey(secret, true))
    const sign = async (data: Uint8Array): Promise<Uint8Array> => p256.sign(data, secret, { lowS: false })
    return { did: encodeDIDKey({ type: 'P-256', bytes }), alg: 'ES256', sign }
  }),
]

/** The contents of a capability and its chain, in a canonical form: addresses may be in either case. */
export function contentOf(cacao: Cacao): string {
  const says = chainOf(cacao).map(({ p }) =>
    Object.entries({ ...p, iss: accountOfDID(p.iss) }).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  return JSON.stringify(says)
}

const accounts = seeds.map((key) => ({ key, address: addressOfPrivateKey(key) }))
const within = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts)
const generated = fc.sample(
  payloads({
    // Up to 2022-09-20, older layouts of the text are valid too.
    iat: within('2024-06-01T12:00:00.000Z', '2021-01-01t00:00:00z', '2022-09-19T23:59:59.5-00:00'),
    exp: within('2099-12-31T23:59:59Z', '2124-02-29T00:00:00.123456+14:00'),
    nbf: within('2024-06-01T00:00:00Z', '2000-01-01T00:00:00Z'),
  }),
  { seed: SEED, numRuns: 240 },
)

function layoutsOf(p: CacaoPayload): { layout?: MessageLayout; address?: string }[] {
  const address = p.iss.slice(p.iss.lastIndexOf(':') + 1)
  const older = p.iat < '2022' ? [{ layout: 'did-session-2022' as const, address }] : []
  return [{}, {}, {}, { layout: 'did-session', address }, ...older]
}

// 65 bytes as hex or bytes, with v 27 and 28 or 0 and 1, or the 64 bytes of ERC-2098.
function spellings(hex: string): (string | Uint8Array)[] {
  const bytes = fromHex(hex.slice(2)) ?? new Uint8Array()
  const parity = (bytes[64] ?? 0) - 27
  const low = Uint8Array.from(bytes)
  low[64] = parity
  const compact = bytes.slice(0, 64)
  compact[32] = (compact[32] ?? 0) | (parity << 7)
  return [hex, hex, hex, bytes, `0x${toHex(low)}`, compact]
}

/** Genuine capabilities of every shape, some of them granted to the signers. */
export const capabilities: readonly Cacao[] = generated.map((made, i) => {
  const random = new Random(SEED, i)
  const { key, address } = random.pick(accounts)
  const account = random.oneIn(3) ? `0x${address.slice(2).toUpperCase()}` : address
  const iss = made.iss.replace(/0x.*$/, account)
  const p = { ...made, iss, ...(i % 2 === 0 && { aud: signers[(i / 2) % signers.length]?.did ?? '' }) }
  const s = random.pick(spellings(signText(renderEthereumMessage(p, random.pick(layoutsOf(p))), key)))
  return parseCacao({ h: { t: random.pick(['eip4361', 'caip122']) }, p, s: { t: 'eip191', s } })
})

/** The genuine capabilities of a signer. */
export const grantedTo = (signer: Signer): Cacao[] => capabilities.filter(({ p }) => p.aud === signer.did)
