import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { capabilityIdentity } from '../../src/capability/cid.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_B } from '../setup/wallet.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const capability = signed()
const another = signed({ nonce: 'anothernonce1' })
const foreign = signed({ iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)
/** The same signature in another encoding. */
const respelled: readonly [string, unknown][] = [
  ['as it is', JSON.parse(JSON.stringify(capability))],
  ['with the other word in its header', { ...capability, h: { t: 'caip122' } }],
  ['with an EIP-55 address', { ...capability, p: { ...capability.p, iss: `did:pkh:eip155:1:${ADDRESS_A}` } }],
  ['with another form of its signature', { ...capability, s: { t: 'eip191', s: signatureWithSmallV() } }],
]
function signatureWithSmallV(): string {
  const text = String(capability.s.s)
  return text.slice(0, -2) + (text.endsWith('1b') ? '00' : '01')
}

describe('the identity of a capability', () => {
  it.each(respelled)('is the same %s', (_, copy) => {
    expect(capabilityIdentity(copy as Cacao)).toBe(capabilityIdentity(capability))
  })

  it('differs with any signed value', () => {
    const changes = [
      { nonce: 'abcdefgh13' },
      { resources: ['ceramic://*', 'ceramic://*'] },
      { resources: undefined },
      { exp: '2099-12-31T23:59:59.001Z' },
      { exp: '2099-12-31T23:59:59Z' },
      { statement: undefined },
      { iss: `did:pkh:eip155:10:${ADDRESS_A}` },
    ]
    const identities = [capability, ...changes.map((change) => signed(change))].map(capabilityIdentity)
    expect(new Set(identities).size).toBe(changes.length + 1)
  })
})

describe('memoryRevocation', () => {
  it.each(respelled)('recognizes a revoked capability, %s', async (_, copy) => {
    const revocation = memoryRevocation({ now: () => NOW })
    expect(await revocation.isRevoked(capability)).toBe(false)
    await revocation.revoke(copy)
    expect(await revocation.isRevoked(capability)).toBe(true)
    expect(await revocation.isRevoked(another)).toBe(false)
  })

  it('notifies all listeners, and revokes even if one of them throws', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => warn.mockRestore())
    const revocation = memoryRevocation({ now: () => NOW })
    const told = vi.fn()
    revocation.onRevoked?.(() => expect.fail('a socket that is closed already'))
    const stop = revocation.onRevoked?.(told)
    await revocation.revoke(capability)
    await revocation.revokeAll(ACCOUNT_B)
    expect(told.mock.calls).toEqual([[{ id: capabilityIdentity(capability) }], [{ account: ACCOUNT_B }]])
    expect(await revocation.isRevoked(capability)).toBe(true)
    expect(String(warn.mock.calls)).toContain('a socket that is closed already')
    stop?.()
    await revocation.revoke(another)
    expect(told).toHaveBeenCalledTimes(2)
  })

  it('rejects malformed capabilities with ERR_CAPABILITY_INVALID', async () => {
    const revocation = memoryRevocation()
    await expectCode('ERR_CAPABILITY_INVALID', () => revocation.revoke({ h: {}, p: {}, s: {} }))
  })

  it('revokes all capabilities of an account up to a moment', async () => {
    const revocation = memoryRevocation({ now: () => NOW })
    await revocation.revokeAll(`did:pkh:eip155:1:${ADDRESS_A}`)
    expect(await revocation.isRevoked(capability)).toBe(true)
    expect(await revocation.isRevoked(another)).toBe(true)
    expect(await revocation.isRevoked(foreign)).toBe(false)
    expect(await revocation.isRevoked(signed({ iat: '2026-01-31T12:00:00Z' }))).toBe(true)
    expect(await revocation.isRevoked(signed({ iat: '2026-01-31T12:00:00.001Z' }))).toBe(false)
  })

  it('never undoes an earlier revokeAll', async () => {
    const revocation = memoryRevocation({ now: () => NOW })
    await revocation.revokeAll(ACCOUNT_A)
    await revocation.revokeAll(ACCOUNT_A, new Date(0))
    expect(await revocation.isRevoked(capability)).toBe(true)
  })

  it('forgets expired capabilities, and no others', async () => {
    const clock = testClock(NOW)
    const revocation = memoryRevocation({ now: clock.now })
    const short = signed({ exp: '2026-01-31T12:00:01Z' })
    const endless = signed({ exp: undefined })
    await revocation.revoke(short)
    await revocation.revoke(endless)
    clock.advance(0.999)
    await revocation.revoke(another)
    expect(await revocation.isRevoked(short)).toBe(true)
    // Entries that expire within the same five seconds are deleted together.
    clock.advance(5)
    await revocation.revoke(capability)
    expect(await revocation.isRevoked(endless)).toBe(true)
    // Deleted entries don't become valid again when the clock goes back, nor do those that may have been deleted.
    clock.set(NOW)
    expect(await revocation.isRevoked(short)).toBe(true)
    expect(await revocation.isRevoked(signed({ exp: '2026-01-31T12:00:01Z', nonce: 'another123' }))).toBe(
      true,
    )
    expect(await revocation.isRevoked(signed({ nonce: 'another123' }))).toBe(false)
  })

  it('throws a TypeError for a malformed account or date', async () => {
    const revocation = memoryRevocation()
    expect(await failureOf(() => revocation.revokeAll('alice'))).toBeInstanceOf(TypeError)
    expect(await failureOf(() => revocation.revokeAll(ACCOUNT_A, new Date(Number.NaN)))).toBeInstanceOf(
      TypeError,
    )
  })
})
