import { describe, expect, it } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { Verifiers } from '../../src/capability/verify-signature.js'

/** A capability signed by an account of some kind, and how it is verified. */
export interface Genuine {
  readonly cacao: Cacao
  readonly verifiers: Verifiers
  /** Another account of the same kind. */
  readonly otherIssuer: string
  readonly now: () => number
}

const ACCEPTED_CODES = /^ERR_CAPABILITY_(SIGNATURE|ISSUER|AUDIENCE|INVALID|UNSUPPORTED)$/
const OTHER_KEY = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'

const CHANGED_PAYLOADS: readonly [string, (p: Cacao['p'], genuine: Genuine) => object][] = [
  ['issuer', (_, { otherIssuer }) => ({ iss: otherIssuer })],
  ['issuer, of another kind', () => ({ iss: 'did:pkh:cosmos:cosmoshub-4:cosmos1abcdef' })],
  ['audience', () => ({ aud: OTHER_KEY })],
  [
    'resources: one more',
    ({ resources = [] }) => ({ resources: [...resources, 'https://evil.example.com/*'] }),
  ],
  ['resources: one wider', () => ({ resources: ['https://*'] })],
  ['resources: none', () => ({ resources: [] })],
  ['resources: absent', () => ({ resources: undefined })],
  ['expiry: later', () => ({ exp: '2099-01-01T00:00:00.000Z' })],
  ['expiry: absent', () => ({ exp: undefined })],
  ['expiry: another spelling', ({ exp }) => ({ exp: exp?.replace('T', 't') })],
  ['nbf', () => ({ nbf: '2020-01-01T00:00:00.000Z' })],
  ['iat', () => ({ iat: '2020-01-01T00:00:00.000Z' })],
  ['domain', () => ({ domain: 'evil.example.com' })],
  ['nonce', () => ({ nonce: 'anothernonce1' })],
  ['statement', () => ({ statement: 'Something harmless.' })],
  ['statement: absent', () => ({ statement: undefined })],
  ['request id', () => ({ requestId: 'another' })],
  ['version', () => ({ version: '2' })],
]

/** Strings are changed by characters, bytes by bytes. */
const CHANGED_SIGNATURES: readonly [string, (s: string | Uint8Array) => unknown][] = [
  ['empty', (s) => (typeof s === 'string' ? '' : new Uint8Array())],
  ['of another encoding', (s) => (typeof s === 'string' ? new TextEncoder().encode(s) : [...s].join())],
  ['truncated', (s) => s.slice(0, -2)],
  ['without its first bytes', (s) => s.slice(2)],
  ['with bytes added', (s) => (typeof s === 'string' ? `${s}AA` : Uint8Array.of(...s, 0, 0))],
  ['padded', (s) => (typeof s === 'string' ? `${s}==` : Uint8Array.of(0, ...s))],
  ['with white space', (s) => (typeof s === 'string' ? ` ${s}` : Uint8Array.of(32, ...s))],
  ...[0.2, 0.5, 0.9].map((place): [string, (s: string | Uint8Array) => unknown] => [
    `changed at ${place} of it`,
    (s) => changedAt(s, Math.floor(s.length * place)),
  ]),
]

function changedAt(s: string | Uint8Array, at: number): string | Uint8Array {
  if (typeof s !== 'string') return s.map((byte, i) => (i === at ? byte ^ 1 : byte))
  // Another digit, valid in hex, base58 and base64url.
  return s.slice(0, at) + (s.charAt(at) === '3' ? '4' : '3') + s.slice(at + 1)
}

/** Runs the attacks on a capability of any signature type, as on those of Ethereum accounts. */
export function describeAttacks(kind: string, make: () => Promise<Genuine>): void {
  describe(`attacks on capabilities of ${kind}`, () => {
    const accepts = async ({ verifiers, now }: Genuine, input: unknown): Promise<Cacao> =>
      verifyCacao(input, { verifiers, now })
    const refuses = async (genuine: Genuine, input: unknown): Promise<void> => {
      const error = await accepts(genuine, input).then(
        () => 'it was accepted',
        (reason: unknown) => reason,
      )
      expect(error).toMatchObject({ name: 'SessionError', code: expect.stringMatching(ACCEPTED_CODES) })
    }

    it('are compared with a genuine capability, which is accepted', async () => {
      const genuine = await make()
      expect(await accepts(genuine, structuredClone(genuine.cacao))).toEqual(genuine.cacao)
    })

    it.each(CHANGED_PAYLOADS)('another %s is refused', async (_, change) => {
      const genuine = await make()
      const { h, p, s } = genuine.cacao
      const changed = Object.entries({ ...p, ...change(p, genuine) }).filter(
        ([, value]) => value !== undefined,
      )
      expect(Object.fromEntries(changed)).not.toEqual(p)
      await refuses(genuine, { h, p: Object.fromEntries(changed), s })
    })

    it.each(CHANGED_SIGNATURES)('a signature %s is refused', async (_, change) => {
      const genuine = await make()
      const { h, p, s } = genuine.cacao
      await refuses(genuine, { h, p, s: { ...s, s: change(s.s) } })
    })

    it('another type of signature is refused, even if there is a verifier for it', async () => {
      const genuine = await make()
      const { h, p, s } = genuine.cacao
      const types = [
        ...Object.keys(genuine.verifiers),
        'eip191',
        'eip1271',
        'solana:ed25519',
        'toString',
        '__proto__',
      ]
      for (const t of types.filter((type) => type !== s.t)) await refuses(genuine, { h, p, s: { ...s, t } })
    })

    it('metadata beside the signature is refused', async () => {
      const genuine = await make()
      const { h, p, s } = genuine.cacao
      await refuses(genuine, { h, p, s: { ...s, m: { ...s.m, aad: Uint8Array.of(1) } } })
      await refuses(genuine, { h, p, s: { ...s, m: { parent: parseCacao(genuine.cacao) } } })
    })

    it('another header type is refused, except the two of Ethereum accounts', async () => {
      const genuine = await make()
      const { h, p, s } = genuine.cacao
      const t = h.t === 'caip122' ? 'eip4361' : 'caip122'
      const cacao = { h: { t }, p, s }
      // It is refused, or it is one of the two header types that did-session and its relatives write for Ethereum.
      if (p.iss.startsWith('did:pkh:eip155:')) await accepts(genuine, cacao)
      else await refuses(genuine, cacao)
    })
  })
}
