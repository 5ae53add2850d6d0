import { beforeAll, describe, expect, it } from 'vitest'
import { concat } from '../../src/base/bytes.js'
import { accountOfAttestation, accountOfSPKI } from '../../src/wallet/webauthn/register.js'
import { TestPasskeys } from '../setup/passkey.js'
import { makeResident } from '../setup/passkey-capability.js'
import { ORIGIN } from '../setup/with-passkeys.js'

let account: string
let spki: Uint8Array
let attestation: Uint8Array
beforeAll(async () => {
  const passkeys = new TestPasskeys(ORIGIN)
  account = await makeResident(passkeys)
  const { pair, attestationObject } = passkeys.residents[0] ?? {}
  spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair?.publicKey as CryptoKey))
  attestation = attestationObject ?? new Uint8Array()
})

const changed = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('the account of a new passkey', () => {
  it('is that of its key, in both forms that browsers return', () => {
    expect([accountOfSPKI(spki), accountOfAttestation(attestation)]).toEqual([account, account])
    expect(accountOfAttestation(concat(attestation, Uint8Array.of(0)))).toBe(account)
  })

  it('is undefined for a key that is truncated, lengthened or not on the curve', () => {
    for (const other of [
      spki.slice(0, -1),
      concat(spki, Uint8Array.of(0)),
      changed(spki, 0),
      changed(spki, 90),
    ])
      expect(accountOfSPKI(other)).toBeUndefined()
    const end = attestation.length
    for (const length of [end - 1, end - 33, end - 40, 20, 0])
      expect(accountOfAttestation(attestation.slice(0, length))).toBeUndefined()
    // The positions of the last byte of y, a byte between x and y, and the algorithm.
    for (const at of [end - 1, end - 34, end - 72])
      expect(accountOfAttestation(changed(attestation, at))).toBeUndefined()
  })

  it('is undefined for another kind of key', async () => {
    const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, [
      'sign',
    ])
    expect(accountOfSPKI(new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)))).toBeUndefined()
  })
})
