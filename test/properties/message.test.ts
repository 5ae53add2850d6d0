import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountOfDID } from '../../src/base/account.js'
import { SessionError } from '../../src/base/errors.js'
import type { CacaoPayload } from '../../src/capability/cacao.js'
import type { MessageLayout } from '../../src/capability/message.js'
import { parsePayload } from '../../src/capability/parse-cacao.js'
import { parseEthereumMessage, renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { lowerCasePayloads, payloads } from '../setup/arbitraries.js'
import { runs } from '../setup/seed.js'
import { NEIGHBOURS } from './neighbours.js'
import { TEXT_MUTATIONS } from './text-mutations.js'

const LAYOUTS: readonly MessageLayout[] = ['erc4361', 'did-session', 'did-session-2022']
const timeout = 120_000

/** Every text that the verifier may accept for the payload. */
function textsOf(p: CacaoPayload): string[] {
  const address = p.iss.slice(p.iss.lastIndexOf(':') + 1)
  return LAYOUTS.flatMap((layout) => [
    renderEthereumMessage(p, { layout }),
    renderEthereumMessage(p, { layout, address }),
  ])
}

/** The content of the payload; the case of an address does not matter. */
function contentOf(p: CacaoPayload): string {
  return JSON.stringify(Object.entries({ ...p, iss: accountOfDID(p.iss) }).sort())
}

/** The candidate, if the guard accepts it and it is for Ethereum. */
function accepted(candidate: unknown): CacaoPayload | undefined {
  try {
    const p = parsePayload(candidate)
    return p.iss.startsWith('did:pkh:eip155:') ? p : undefined
  } catch (error) {
    if (!(error instanceof SessionError && error.code === 'ERR_CAPABILITY_INVALID')) throw error
    return undefined
  }
}

/** The parsed text, rendered again; `undefined` if it was refused. */
function rewritten(text: string): string | undefined {
  try {
    const { payload, scheme } = parseEthereumMessage(text)
    return `${scheme === undefined ? '' : `${scheme}://`}${renderEthereumMessage(payload)}`
  } catch (error) {
    if (!(error instanceof SessionError && error.code === 'ERR_CAPABILITY_INVALID')) throw error
    return undefined
  }
}

describe('the text of every accepted payload', () => {
  it('is parsed back to that payload', { timeout }, () => {
    fc.assert(
      fc.property(lowerCasePayloads, (p) => {
        expect(parsePayload(p)).toEqual(p)
        expect(parseEthereumMessage(renderEthereumMessage(p))).toEqual({ payload: p })
      }),
      runs(1500),
    )
  })

  it('is the text of no other payload, in any layout', { timeout }, () => {
    const seen = new Map<string, string>()
    fc.assert(
      fc.property(payloads(), (p) => {
        const content = contentOf(parsePayload(p))
        for (const text of textsOf(p)) {
          expect(seen.get(text) ?? content).toBe(content)
          seen.set(text, content)
        }
      }),
      runs(1000),
    )
    expect(seen.size).toBeGreaterThan(0)
  })

  it('differs from that of similar payloads', { timeout }, () => {
    let pairs = 0
    fc.assert(
      fc.property(
        payloads(),
        payloads(),
        fc.array(fc.tuple(fc.nat(NEIGHBOURS.length - 1), fc.nat(60)), { minLength: 8, maxLength: 8 }),
        (p, other, choices) => {
          const texts = new Set(textsOf(p))
          for (const [which, at] of choices) {
            const neighbour = accepted(NEIGHBOURS[which]?.(p, other, at))
            if (!neighbour || contentOf(neighbour) === contentOf(p)) continue
            pairs++
            expect(textsOf(neighbour).filter((text) => texts.has(text))).toEqual([])
          }
        },
      ),
      runs(1000),
    )
    // Most neighbours are refused, so check that enough were compared.
    expect(pairs).toBeGreaterThan(runs(1000).numRuns)
  })
})

describe('a text that was tampered with', () => {
  it('is refused, or parsed to a payload that renders to the same text', { timeout }, () => {
    let read = 0
    const step = fc.tuple(fc.nat(TEXT_MUTATIONS.length - 1), fc.nat(500), fc.nat(100))
    fc.assert(
      fc.property(
        lowerCasePayloads,
        lowerCasePayloads,
        fc.array(step, { minLength: 1, maxLength: 3 }),
        (p, another, steps) => {
          const other = renderEthereumMessage(another)
          const text = steps.reduce(
            (sum, [which, at, by]) => TEXT_MUTATIONS[which]?.(sum, other, at, by) ?? sum,
            renderEthereumMessage(p),
          )
          const again = rewritten(text)
          if (again !== undefined) read++
          expect(again ?? text).toBe(text)
        },
      ),
      runs(4000),
    )
    expect(read).toBeGreaterThan(runs(4000).numRuns / 20)
  })
})
