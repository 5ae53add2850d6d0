import { ParsedMessage } from '@signinwithethereum/siwe-parser'
import fc from 'fast-check'
import { getAddress, hashMessage, recoverMessageAddress, verifyMessage } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import type { CacaoPayload } from '../../src/capability/cacao.js'
import { recoverWithSecp256k1 } from '../../src/node/index.js'
import { eip191Hash, verifyEIP191 } from '../../src/wallet/ethereum/eip191.js'
import { addressOfPrivateKey } from '../../src/wallet/ethereum/secp256k1.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { asciiStatement, foreignStatement, payloads } from '../setup/arbitraries.js'
import { native, signText } from '../setup/native-secp256k1.js'
import { integer, SEED } from '../setup/seed.js'
import { hostName, segment, uri } from '../setup/uri-arbitraries.js'

// A part of the cases in every run of the tests; `npm run test:fuzz` runs ten times as many.
const RUNS = { seed: SEED, numRuns: integer('DIFFERENTIAL_CASES', 1000) }
// Even if the machine is busy.
const timeout = 1_800_000
// viem's recovery takes milliseconds, so it runs for one payload in this many.
const ASK_VIEM_EVERY = 40

const KEYS = Array.from({ length: 16 }, (_, i) => new Uint8Array(32).fill(i + 1))
const ADDRESSES = KEYS.map(addressOfPrivateKey)

/* viem's text is comparable if it can express the payload: dates with milliseconds in UTC, because it takes `Date`s; chain ids that are safe integers; a statement and a request id that are absent or not empty, because it drops empty ones; hosts by name or IPv4 address, with at most five digits of port; and no URI with an empty authority and a path that begins with two slashes, which RFC 3986 allows and viem doesn't. */
const instant = fc
  .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString())
const port = fc.oneof(
  fc.constant(''),
  fc.nat(99_999).map((value) => `:${value}`),
)
const host = fc.oneof(hostName, fc.constant('localhost'), fc.ipV4())
const signer = fc.nat(KEYS.length - 1)
const issuer = fc
  .tuple(fc.maxSafeNat(), signer, fc.boolean())
  .map(([chain, i, isChecksummed]) => [chain, isChecksummed ? getAddress(addressAt(i)) : addressAt(i)])
  .map((parts) => `did:pkh:eip155:${parts.join(':')}`)
const uriForViem = uri.filter((text) => !/^[^:]*:\/{4}/.test(text))
const forViem = payloads({
  aud: uriForViem,
  resources: fc.array(uriForViem, { maxLength: 5 }),
  domain: fc.tuple(host, port).map((parts) => parts.join('')),
  iss: issuer,
  iat: instant,
  exp: instant,
  nbf: instant,
  requestId: segment.filter((text) => text !== ''),
  statement: fc.oneof(asciiStatement, foreignStatement).filter((text) => text !== ''),
})

function addressAt(i: number): `0x${string}` {
  return `0x${(ADDRESSES[i] ?? '').slice(2)}`
}

function accountOf(p: CacaoPayload): { address: `0x${string}`; chain: string } {
  const [chain = '', digits = ''] = p.iss.slice('did:pkh:eip155:'.length).split(':0x')
  return { address: `0x${digits}`, chain }
}

function byViem(p: CacaoPayload): string {
  const { address, chain } = accountOf(p)
  return createSiweMessage({
    domain: p.domain,
    address,
    uri: p.aud,
    version: '1',
    chainId: Number(chain),
    nonce: p.nonce,
    issuedAt: new Date(p.iat),
    ...(p.statement !== undefined && { statement: p.statement }),
    ...(p.exp !== undefined && { expirationTime: new Date(p.exp) }),
    ...(p.nbf !== undefined && { notBefore: new Date(p.nbf) }),
    ...(p.requestId !== undefined && { requestId: p.requestId }),
    ...(p.resources !== undefined && { resources: p.resources }),
  })
}

describe('compared with other libraries', () => {
  it(`our text equals viem’s, for ${RUNS.numRuns} payloads`, { timeout }, () => {
    fc.assert(
      fc.property(forViem, (p) => {
        expect(renderEthereumMessage(p)).toBe(byViem(p))
      }),
      RUNS,
    )
  })

  // The whole grammar except statements beyond ASCII, which that parser refuses.
  it(`siwe-parser parses ${RUNS.numRuns} of our texts to the same fields`, { timeout }, () => {
    fc.assert(
      fc.property(payloads({ statement: asciiStatement }), (p) => {
        const { address, chain } = accountOf(p)
        const { uriElements: _, warnings: _w, ...fields } = new ParsedMessage(renderEthereumMessage(p))
        expect(fields).toEqual({
          scheme: undefined,
          domain: p.domain,
          address: getAddress(address.toLowerCase()),
          statement: p.statement,
          uri: p.aud,
          version: '1',
          chainId: Number.parseInt(chain, 10),
          nonce: p.nonce,
          issuedAt: p.iat,
          expirationTime: p.exp,
          notBefore: p.nbf,
          requestId: p.requestId,
          resources: p.resources,
        })
      }),
      RUNS,
    )
  })
})

const recover = recoverWithSecp256k1(native)

/** Our verdict: whether the account signed the payload. */
async function byUs(p: CacaoPayload, s: string, recoverWith = recover): Promise<boolean> {
  const cacao = { h: { t: 'eip4361' }, p, s: { t: 'eip191', s } }
  return verifyEIP191(cacao, { disableExpirationCheck: true }, recoverWith).then(
    () => true,
    () => false,
  )
}

/** The verdict with viem's hash and address, and libsecp256k1 in between. */
function byViemAndNative(text: string, s: string, address: string): boolean {
  const [hash, signature] = [hashMessage(text), fromHex(s.slice(2)) ?? new Uint8Array()].map((bytes) =>
    typeof bytes === 'string' ? (fromHex(bytes.slice(2)) ?? new Uint8Array()) : bytes,
  ) as [Uint8Array, Uint8Array]
  try {
    const key = native.ecdsaRecover(signature.subarray(0, 64), (signature[64] ?? 0) - 27, hash, false)
    return publicKeyToAddress(`0x${toHex(key)}`) === getAddress(address)
  } catch {
    return false
  }
}

describe(`EIP-191, for ${RUNS.numRuns} payloads, as signed and with one bit changed`, () => {
  it('is verified as viem does', { timeout }, async () => {
    let asked = 0
    const bit = fc.nat(65 * 8 - 1)
    await fc.assert(
      fc.asyncProperty(forViem, bit, async (p, flipped) => {
        const text = renderEthereumMessage(p)
        expect(`0x${toHex(eip191Hash(text))}`).toBe(hashMessage(text))
        const address = accountOf(p).address
        const key = KEYS[ADDRESSES.indexOf(address.toLowerCase())] ?? new Uint8Array()
        const genuine = signText(text, key)
        const bytes = fromHex(genuine.slice(2)) ?? new Uint8Array()
        bytes[flipped >> 3] = (bytes[flipped >> 3] ?? 0) ^ (1 << (flipped & 7))
        const mutated = `0x${toHex(bytes)}`
        for (const [s, expected] of [
          [genuine, true],
          [mutated, false],
        ] as const) {
          expect([await byUs(p, s), byViemAndNative(text, s, address)]).toEqual([expected, expected])
        }
        if (asked++ % ASK_VIEM_EVERY !== 0) return
        const answer = (signature: string): Promise<boolean> =>
          verifyMessage({ address, message: text, signature: signature as `0x${string}` }).catch(() => false)
        expect([await answer(genuine), await answer(mutated)]).toEqual([true, false])
        expect(await byUs(p, genuine, undefined)).toBe(true)
        expect(await recoverMessageAddress({ message: text, signature: genuine as `0x${string}` })).toBe(
          getAddress(address),
        )
      }),
      RUNS,
    )
    expect(asked).toBeGreaterThanOrEqual(RUNS.numRuns)
  })
})
