import { beforeAll, describe, expect, it } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { cacaoCID } from '../../src/capability/cid.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { capabilityAccounts, capabilityIdentity, normalAccount } from '../../src/verify.js'
import { webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import { payload, signed, unsigned } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { TestPasskeys } from '../setup/passkey.js'
import { signedByPasskey } from '../setup/passkey-capability.js'
import { twinOf } from '../setup/passkey-twin.js'
import { ACCOUNT_A, ADDRESS_A } from '../setup/wallet.js'
import { ORIGIN } from '../setup/with-passkeys.js'

const verify = (cacao: unknown, revocation = memoryRevocation()): Promise<Cacao> =>
  verifyCacao(cacao, {
    verifiers: webauthnVerifiers(),
    now: () => Date.parse('2024-06-02T00:00:00Z'),
    revocation,
  })

describe('a passkey’s capability, whose signature fits two keys', () => {
  let own: Cacao
  let twin: Cacao
  let another: Cacao
  beforeAll(async () => {
    const passkeys = new TestPasskeys(ORIGIN)
    own = await signedByPasskey(passkeys)
    another = await signedByPasskey(passkeys, {}, { nonce: 'anothernonce1' })
    twin = twinOf(own)
  })

  it('is valid under both accounts', async () => {
    expect(twin.p.iss).not.toBe(own.p.iss)
    for (const cacao of [own, twin, another]) await verify(cacao)
  })

  it('has two possible accounts, in either form', async () => {
    const both = [own.p.iss, twin.p.iss].sort()
    for (const cacao of [own, twin, { ...own }])
      expect([...(await capabilityAccounts(cacao))].sort()).toEqual(both)
    expect(await capabilityAccounts(signed())).toEqual([ACCOUNT_A])
    await expectCode('ERR_CAPABILITY_INVALID', () => capabilityAccounts({}))
  })

  it('has one identity and two CIDs', () => {
    expect(capabilityIdentity(twin)).toBe(capabilityIdentity(own))
    expect(capabilityIdentity(another)).not.toBe(capabilityIdentity(own))
    expect(cacaoCID(twin)).not.toBe(cacaoCID(own))
  })

  it.each([
    ['one', () => [own, twin]],
    ['the other form', () => [twin, own]],
  ])('is revoked under both accounts if %s is', async (_, pair) => {
    const revocation = memoryRevocation()
    await revocation.revoke(pair()[0])
    for (const cacao of pair()) await expectCode('ERR_CAPABILITY_REVOKED', () => verify(cacao, revocation))
    await verify(another, revocation)
  })

  it('is revoked under both when the account signs out everywhere', async () => {
    const revocation = memoryRevocation()
    await revocation.revokeAll(own.p.iss)
    for (const cacao of [own, twin, another, twinOf(another)])
      await expectCode('ERR_CAPABILITY_REVOKED', () => verify(cacao, revocation))
  })

  it('is revoked by its twin’s account, but the passkey’s other capabilities are not', async () => {
    const revocation = memoryRevocation()
    await revocation.revokeAll(twin.p.iss)
    for (const cacao of [own, twin])
      await expectCode('ERR_CAPABILITY_REVOKED', () => verify(cacao, revocation))
    await verify(another, revocation)
  })

  it('is not revoked by an unrelated account', async () => {
    const revocation = memoryRevocation()
    const stranger = await signedByPasskey(new TestPasskeys(ORIGIN))
    await revocation.revokeAll(stranger.p.iss)
    for (const cacao of [own, twin]) await verify(cacao, revocation)
  })

  it('is refused if its signature can not be read', async () => {
    const { h, p, s } = own
    for (const other of [
      { ...s, s: 'AAAA' },
      { ...s, m: { aad: new Uint8Array([1]) } },
      { t: s.t, s: s.s },
    ])
      await expectCode('ERR_CAPABILITY_INVALID', async () =>
        memoryRevocation().isRevoked(parseCacao({ h, p, s: other })),
      )
  })
})

describe('the identity of a capability', () => {
  it('has 43 characters, and malformed input is rejected', async () => {
    expect(capabilityIdentity(JSON.parse(JSON.stringify(signed())))).toMatch(/^[-\w]{43}$/)
    for (const input of [undefined, 'cacao', {}, { ...unsigned(), extra: 1 }, { p: payload() }])
      await expectCode('ERR_CAPABILITY_INVALID', () => capabilityIdentity(input))
  })

  it('is the same for empty and absent members', () => {
    const bare = signed({ statement: undefined, resources: undefined })
    const { h, p, s } = bare
    for (const more of [{ resources: [] }, { statement: '' }, { requestId: '' }])
      expect(capabilityIdentity({ h, p: { ...p, ...more }, s })).toBe(capabilityIdentity(bare))
    expect(capabilityIdentity({ h, p: { ...p, statement: 'a' }, s })).not.toBe(capabilityIdentity(bare))
  })

  it('is the same for any order of members and any signature type', () => {
    const { h, p, s } = signed()
    const reversed = Object.fromEntries(Object.entries(p).reverse())
    expect(capabilityIdentity({ s, p: reversed, h })).toBe(capabilityIdentity({ h, p, s }))
    expect(capabilityIdentity({ h, p, s: { t: 'eip1271', s: s.s } })).toBe(capabilityIdentity({ h, p, s }))
  })

  it('differs between chains of one address, whose texts differ', () => {
    const on = (chain: number): Cacao => signed({ iss: signed().p.iss.replace(':1:', `:${chain}:`) })
    expect(capabilityIdentity(on(10))).not.toBe(capabilityIdentity(on(1)))
  })

  it('differs between keys, whose DIDs are part of the text', () => {
    const of = (did: string) => ({
      h: { t: 'caip122' },
      p: payload({ iss: did }),
      s: { t: 'key:ed25519', s: 'AA' },
    })
    const other = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
    expect(capabilityIdentity(of(payload().aud))).not.toBe(capabilityIdentity(of(other)))
  })
})

describe('normalAccount', () => {
  it.each([
    ['a did:pkh', `did:pkh:${ACCOUNT_A}`],
    ['an address with its checksum', `eip155:1:${ADDRESS_A}`],
    ['an object', { toString: (): string => `eip155:1:${ADDRESS_A}` }],
  ])('makes %s the text that capabilityAccounts returns', async (_, account) => {
    expect(await capabilityAccounts(signed())).toEqual([normalAccount(account)])
  })

  it.each([['eip155:1:0x12'], ['did:web:example.com'], [''], [undefined]])('refuses %j', (account) => {
    expect(() => normalAccount(account as never)).toThrow(TypeError)
  })
})
