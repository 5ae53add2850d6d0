import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { fromHex, toHex } from '../../src/base/hex.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import {
  cachedRecovery,
  eip191Hash,
  ownSignature,
  parseSignature,
  type RecoverPublicKey,
} from '../../src/wallet/ethereum/eip191.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { addressOfPrivateKey, eip191Sign, recoverPublicKey } from '../../src/wallet/ethereum/secp256k1.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { AUDIENCE, payload, signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { describeWith, fixture, fixtureNames } from '../setup/fixtures.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

const verifiers = ethereumVerifiers()
const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const withSignature = (cacao: Cacao, s: unknown): unknown => ({ ...cacao, s: { t: 'eip191', s } })
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

describe('EIP-191', () => {
  it('signs like viem, including characters beyond ASCII', async () => {
    const account = privateKeyToAccount(KEY_A)
    for (const text of ['', 'text', 'añ✓𝒳', renderEthereumMessage(payload({ statement: '同意します' }))]) {
      expect(eip191Sign(text, fromHex(KEY_A.slice(2)) ?? new Uint8Array())).toBe(
        await account.signMessage({ message: text }),
      )
    }
    expect(addressOfPrivateKey(fromHex(KEY_A.slice(2)) ?? new Uint8Array())).toBe(
      ACCOUNT_A.slice('eip155:1:'.length),
    )
  })
})

describe('ownSignature', () => {
  const address = addressOfPrivateKey(fromHex(KEY_A.slice(2)) ?? new Uint8Array())
  const read = (text: string, hex: string) => ownSignature(text, hex, address, recoverPublicKey)

  it('finds the same 65 bytes in each way in which wallets write a signature', () => {
    const parities = new Set<string>()
    for (const text of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      const hex = eip191Sign(text, fromHex(KEY_A.slice(2)) ?? new Uint8Array())
      const [r, s, v] = [hex.slice(2, 66), BigInt(`0x${hex.slice(66, 130)}`), hex.slice(130)]
      parities.add(v)
      const digits = (value: bigint): string => value.toString(16).padStart(64, '0')
      const compact = v === '1c' ? s | (1n << 255n) : s
      const forms = [hex, `0x${r}${digits(compact)}`, `0x${r}${digits(s)}00`, `0x${r}${digits(N - s)}${v}`]
      for (const form of forms) expect(read(text, form)).toEqual(fromHex(hex.slice(2)))
      expect(read(`${text}0`, hex)).toBeUndefined()
    }
    // The compact form (ERC-2098) writes them differently.
    expect(parities.size).toBe(2)
  })
})

describe('the eip191 verifier', () => {
  // With v 28: the first 64 bytes of a signature with v 27 are, by definition, its compact form (ERC-2098).
  const genuine = [
    'n0nce001',
    'n0nce002',
    'n0nce003',
    'n0nce004',
    'n0nce005',
    'n0nce006',
    'n0nce007',
    'n0nce008',
  ]
    .map((nonce) => signed({ nonce }))
    .find(({ s }) => String(s.s).endsWith('1c')) as Cacao
  const hex = String(genuine.s.s)
  const [r, s, v] = [hex.slice(2, 66), hex.slice(66, 130), hex.slice(130)]
  const otherS = (N - BigInt(`0x${s}`)).toString(16).padStart(64, '0')

  it('accepts a capability that the account signed', async () => {
    expect(await verifyCacao(genuine, { verifiers, now })).toEqual(genuine)
  })

  it.each([
    ['v 0 or 1', `0x${r}${s}${v === '1b' ? '00' : '01'}`],
    [
      'the compact form of ERC-2098',
      `0x${r}${v === '1b' ? s : (BigInt(`0x${s}`) | (1n << 255n)).toString(16)}`,
    ],
    ['bytes', fromHex(hex.slice(2))],
  ])('accepts %s', async (_, signature) => {
    await expect(verifyCacao(withSignature(genuine, signature), { verifiers, now })).resolves.toBeDefined()
  })

  it.each([
    ['another v', `0x${r}${s}${v === '1b' ? '1c' : '1b'}`],
    // The compact form (ERC-2098) of a signature with another v.
    ['no v', hex.slice(0, -2)],
    ['the signature of another account', signed({}, KEY_B).s.s],
    ['the signature of another message', signed({ nonce: 'othernonce' }).s.s],
  ])('refuses %s', async (_, signature) => {
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao(withSignature(genuine, signature), { verifiers, now }),
    )
  })

  it.each([
    ['zeros', `0x${'00'.repeat(65)}`],
    ['an s of zero', `0x${r}${'0'.repeat(64)}${v}`],
    ['an unknown v', `0x${r}${s}1d`],
    ['another unknown v', `0x${r}${s}02`],
    ['a high s', `0x${r}${otherS}${v === '1b' ? '1c' : '1b'}`],
    ['a byte too many', `${hex}00`],
    ['a byte too many, in bytes', fromHex(`${hex.slice(2)}00`)],
    ['no 0x', hex.slice(2)],
    ['upper case', `0x${hex.slice(2).toUpperCase()}`],
    ['white space', `${hex} `],
    ['no hex', 'garbage'],
  ])('refuses %s as malformed', async (_, signature) => {
    const error = await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao(withSignature(genuine, signature), { verifiers, now }),
    )
    expect(error.message).toContain('malformed eip191 signature')
  })

  it.each([
    ['another issuer', { iss: `did:pkh:${ACCOUNT_B}` }],
    ['the account on another chain', { iss: `did:pkh:${ACCOUNT_A.replace(':1:', ':137:')}` }],
    ['another audience', { aud: `${AUDIENCE}x` }],
    ['another domain', { domain: 'evil.example' }],
    ['another nonce', { nonce: 'othernonce' }],
    ['a later expiry', { exp: '2100-01-01T00:00:00Z' }],
    ['no expiry', { exp: undefined }],
    ['another statement', { statement: 'Sign in' }],
    ['no statement', { statement: undefined }],
    ['an additional resource', { resources: ['ceramic://*', 'a:b'] }],
    ['no resources', { resources: undefined }],
    ['the expiry in the request id', { exp: undefined, requestId: '2099-12-31T23:59:59.000Z' }],
  ])('refuses %s than was signed', async (_, changes) => {
    const forged = { ...genuine, p: payload({ nonce: genuine.p.nonce, ...changes }) }
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(forged, { verifiers, now }))
  })

  it('refuses metadata in the signature, which would make a second capability of it', async () => {
    const extended = { ...genuine, s: { ...genuine.s, m: { aad: new Uint8Array(1) } } }
    await expectCode('ERR_CAPABILITY_INVALID', () => verifyCacao(extended, { verifiers, now }))
  })

  it('accepts only Ethereum issuers', async () => {
    const iss = `did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:${ACCOUNT_A.split(':')[2]}`
    await expectCode('ERR_CAPABILITY_ISSUER', () =>
      verifyCacao({ ...genuine, p: payload({ iss }) }, { verifiers, now }),
    )
  })

  it('checks the dates for callers that leave them to it, as dids does', async () => {
    await expectCode('ERR_CAPABILITY_EXPIRED', () =>
      verifiers.eip191(genuine, { atTime: new Date('2100-01-01') }),
    )
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () =>
      verifiers.eip191(genuine, { atTime: new Date('2024-01-01') }),
    )
    await expect(verifiers.eip191(genuine, { atTime: new Date(now()) })).resolves.toBeUndefined()
    await expectCode('ERR_CAPABILITY_EXPIRED', () => verifiers.eip191(genuine, { atTime: new Date('never') }))
  })

  it('recovers one key for a current text, and more only for older ones', async () => {
    let calls = 0
    const counting = ethereumVerifiers({
      recover: (...args) => {
        calls++
        return recoverPublicKey(...args)
      },
    })
    for (const changes of [
      {},
      { statement: undefined },
      { statement: '同意します' },
      { resources: undefined },
    ]) {
      calls = 0
      await verifyCacao(signed(changes), { verifiers: counting, now })
      expect(calls).toBe(1)
    }
    const older = payload({ statement: undefined })
    const text = renderEthereumMessage(older, { layout: 'did-session' })
    const s = eip191Sign(text, fromHex(KEY_A.slice(2)) ?? new Uint8Array())
    calls = 0
    await verifyCacao({ h: { t: 'eip4361' }, p: older, s: { t: 'eip191', s } }, { verifiers: counting, now })
    expect(calls).toBe(2)
  })

  it('parses every form of a signature to the same bytes', () => {
    expect(toHex(parseSignature(hex) ?? new Uint8Array())).toBe(hex.slice(2))
    expect(parseSignature(`0x${r}${s}${v === '1b' ? '00' : '01'}`)).toEqual(parseSignature(hex))
  })
})

describe('verifyCacao', () => {
  const genuine = signed()
  const check = (options: object, input: unknown = genuine): Promise<Cacao> =>
    verifyCacao(input, { verifiers, now, ...options })

  it('accepts a capability that meets all expectations', async () => {
    const expected = {
      issuer: `did:pkh:${ACCOUNT_A}`,
      audience: AUDIENCE,
      domains: ['example.com'],
      nonce: 'abcdefgh12',
      resources: ['ceramic://x'],
      revocation: { isRevoked: async () => false },
    }
    expect(Object.isFrozen(await check(expected))).toBe(true)
  })

  it.each([
    ['ERR_CAPABILITY_ISSUER', { issuer: ACCOUNT_B }],
    ['ERR_CAPABILITY_AUDIENCE', { audience: 'did:key:z6MkmTGHMMK4nawdnZGayoR7QPDpLwiXMAR7z4r5ii73yTaJ' }],
    ['ERR_CAPABILITY_DOMAIN', { domains: ['other.example', 'example.com:8080'] }],
    ['ERR_CAPABILITY_DOMAIN', { domains: (): boolean => false }],
    ['ERR_CAPABILITY_DOMAIN', { domains: () => 'yes' as unknown as boolean }],
    ['ERR_CAPABILITY_DOMAIN', { domains: () => Promise.reject(new Error('down')) }],
    ['ERR_CAPABILITY_NONCE', { nonce: 'othernonce' }],
    ['ERR_CAPABILITY_RESOURCES', { resources: ['https://example.com/'] }],
    ['ERR_CAPABILITY_EXPIRED', { now: () => Date.parse('2100-01-01') }],
    ['ERR_CAPABILITY_NOT_YET_VALID', { now: () => Date.parse('2024-06-01T11:50:00Z') }],
    ['ERR_CAPABILITY_REVOKED', { revocation: { isRevoked: (): boolean => true } }],
    ['ERR_CAPABILITY_REVOKED', { revocation: { isRevoked: (): boolean => 'no' as unknown as boolean } }],
    [
      'ERR_STORE_UNAVAILABLE',
      { revocation: { isRevoked: () => Promise.reject(new SessionError('ERR_STORE_UNAVAILABLE', 'down')) } },
    ],
    ['ERR_CAPABILITY_UNSUPPORTED', { verifiers: { eip1271: async () => undefined } }],
  ] as const)(
    'refuses with %s: %o',
    async (code, options) => void (await expectCode(code, () => check(options))),
  )

  it.each(['toString', 'constructor', 'hasOwnProperty', '__proto__', 'EIP191', 'eip1271', 'other:curve'])(
    'refuses the unknown signature type %s',
    async (t) => {
      await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => check({}, { ...genuine, s: { t, s: '0x00' } }))
    },
  )

  it('wraps the errors of other verifiers in its own code, and keeps the cause', async () => {
    const cause = new Error('theirs')
    const eip191 = async (): Promise<void> => {
      throw cause
    }
    const error = await expectCode('ERR_CAPABILITY_SIGNATURE', () => check({ verifiers: { eip191 } }))
    expect(error.cause).toBe(cause)
  })

  it('calls no verifier for a malformed capability', async () => {
    let calls = 0
    const eip191 = async (): Promise<void> => void calls++
    await expectCode('ERR_CAPABILITY_INVALID', () =>
      check({ verifiers: { eip191 } }, { ...genuine, p: payload({ exp: '' }) }),
    )
    expect(calls).toBe(0)
  })
})

const names = fixtureNames('did-session-4/cacao-')
describeWith('capabilities of did-session 4', names.length > 0 ? names : undefined, (all) => {
  it.each(all)('%s is verified', async (name) => {
    const file = await fixture<{ cacao: unknown }>(name)
    await expect(verifyCacao(file?.cacao, { verifiers, now })).resolves.toEqual(parseCacao(file?.cacao))
  })

  it('the field order of 2022 is accepted only for capabilities of 2022', async () => {
    const file = await fixture<{ cacao: Cacao }>('did-session-4/cacao-3-legacy-chainid-order.json')
    const later = { ...file?.cacao, p: { ...file?.cacao.p, iat: '2022-09-21T00:00:00Z' } }
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(later, { verifiers, now }))
  })
})

it.each([{}, 'secp256k1', { recover: recoverPublicKey }])(
  'a recover option that is %j is named by the refusal',
  async (recover) => {
    const cacao = signed()
    const verify = (given: unknown): Promise<unknown> =>
      verifyCacao(cacao, { verifiers: ethereumVerifiers({ recover: given as RecoverPublicKey }), now })
    const { message, cause } = await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => verify(recover))
    expect(message).toMatch(/option of ethereumVerifiers: recover must be a function/)
    expect(cause).toBeInstanceOf(TypeError)
    await verify(recoverPublicKey)
  },
)

describe('cachedRecovery', () => {
  const signatureOf = (text: string): Uint8Array =>
    parseSignature(eip191Sign(text, fromHex(KEY_A.slice(2)) ?? new Uint8Array())) ??
    expect.fail('no signature')

  it('recovers each key once, and separately for another text, signature or parity', () => {
    let asked = 0
    const recover = cachedRecovery((...given) => {
      asked++
      return recoverPublicKey(...given)
    })
    const [one, other] = [signatureOf('one'), signatureOf('other')]
    const keyOf = (text: string, signature: Uint8Array, recovery = (signature[64] ?? 0) - 27): string =>
      toHex(recover(eip191Hash(text), signature.slice(0, 64), recovery) ?? new Uint8Array())
    const key = keyOf('one', one)
    expect([keyOf('one', one), asked]).toEqual([key, 1])
    expect([keyOf('other', other), asked]).toEqual([key, 2])
    expect(keyOf('other', one)).not.toBe(key)
    expect(keyOf('one', one, 28 - (one[64] ?? 0))).not.toBe(key)
    expect(asked).toBe(4)
  })

  it('tries again if no key was recovered', () => {
    let asked = 0
    const recover = cachedRecovery(() => {
      asked++
      return null
    })
    for (let i = 0; i < 2; i++) expect(recover(new Uint8Array(32), new Uint8Array(64), 0)).toBeNull()
    expect(asked).toBe(2)
  })
})
