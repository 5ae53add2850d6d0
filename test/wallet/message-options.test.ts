import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { DIDSession } from '../../src/index.js'
import type { SignInMessageOptions } from '../../src/wallet/capability-payload.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { keyAuth } from '../../src/wallet/key/index.js'
import { solanaAuth } from '../../src/wallet/solana/index.js'
import { webauthnAuth } from '../../src/wallet/webauthn/index.js'
import { AUDIENCE, signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { testSolanaWallet } from '../setup/solana-wallet.js'
import { KEY_A } from '../setup/wallet.js'

type Auth = (options: SignInMessageOptions) => ReturnType<typeof ethereumAuth>
const families: [string, Auth][] = [
  ['ethereumAuth', (options) => ethereumAuth(KEY_A, undefined, options)],
  ['solanaAuth', (options) => solanaAuth(testSolanaWallet(7).wallet, undefined, options)],
  ['webauthnAuth', (options) => webauthnAuth(undefined, options)],
  ['keyAuth', (options) => keyAuth({ type: 'Ed25519', secret: KEY_A }, options)],
]

describe.each(families)('%s', (_, auth) => {
  it.each(['domain', 'statement', 'nonce', 'requestId'])('accepts only a string for %s', (name) => {
    for (const value of [null, 7, true, {}, ['a']])
      expect(() => auth({ [name]: value })).toThrow(new TypeError(`${name} must be a string, or left out`))
    expect(() => auth({ [name]: undefined })).not.toThrow()
  })
})

it.each(['domain', 'statement', 'nonce', 'requestId'])('DIDSession refuses null for %s', async (name) => {
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
  const options = { resources: ['a:b'], [name]: null } as never
  await expect(DIDSession.authorize(auth, options)).rejects.toThrow(TypeError)
})

describe('a refused character is named in the error', () => {
  const refuse = async (options: SignInMessageOptions): Promise<string> => {
    const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example', ...options })
    return (await expectCode('ERR_CAPABILITY_INVALID', () => auth({ uri: AUDIENCE, resources: ['a:b'] })))
      .message
  }
  it.each([
    ['Say "hello"', '"\\""', 5],
    ['50 < 100', '"<"', 4],
    ['añ✓ `code`', '"`"', 5],
    ['😀^', '"^"', 2],
  ])('in the statement %s', async (statement, character, position) => {
    expect(await refuse({ statement })).toContain(`the character ${character} (position ${position})`)
  })

  it.each([
    ['https://app.example', '"/"', 7],
    ['app.example/path', '"/"', 12],
    ['my app.example', '" "', 3],
    ['bücher.example', '"ü"', 2],
  ])('in the domain %s', async (domain, character, position) => {
    const message = await refuse({ domain })
    expect(message).toContain(`the character ${character} (position ${position})`)
    expect(message).toContain('location.host')
  })

  it('by its code point if it is invisible', async () => {
    expect(await refuse({ statement: 'a\u202eb' })).toContain('U+202E')
    expect(await refuse({ statement: 'a\nb' })).toContain('U+000A')
  })

  it('and accepted characters are not refused', async () => {
    for (const options of [
      { statement: "Añ ✓ - _ . : / ? # [ ] @ ! $ & ' ( ) * + , ; =" },
      { domain: 'user@[::1]:8080' },
    ])
      await ethereumAuth(KEY_A, undefined, { domain: 'app.example', ...options })({
        uri: AUDIENCE,
        resources: ['a:b'],
      })
  })
})

describe('members that are null instead of absent', () => {
  const cacao = signed({ exp: undefined })
  it.each(['nbf', 'exp', 'statement', 'requestId', 'resources', 'nonce'])(
    'are refused with an error that names them: %s',
    async (name) => {
      const { message } = await expectCode('ERR_CAPABILITY_INVALID', () =>
        parseCacao({ ...cacao, p: { ...cacao.p, [name]: null } }),
      )
      expect(message).toBe(`malformed capability: capability.p.${name} must be a value, not null`)
    },
  )

  it('are refused in the signature too, and accepted once they are left out', async () => {
    const error = await expectCode('ERR_CAPABILITY_INVALID', () =>
      parseCacao({ ...cacao, s: { ...cacao.s, m: null } }),
    )
    expect(error.message).toContain('s.m must be a value, not null')
    await verifyCacao(cacao, {
      verifiers: ethereumVerifiers(),
      now: () => Date.parse('2024-06-02T00:00:00Z'),
    })
  })
})

describe.runIf(typeof location === 'undefined')('a page without a host', () => {
  afterEach(() => void vi.unstubAllGlobals())
  it.each(['file:', 'data:', 'about:'])('of %s is named in the error', async (protocol) => {
    vi.stubGlobal('location', { protocol, host: '' })
    const { message } = await expectCode('ERR_ENVIRONMENT', () =>
      ethereumAuth(KEY_A)({ uri: AUDIENCE, resources: ['a:b'] }),
    )
    expect(message).toContain(`this page (${protocol}) has no host`)
    await ethereumAuth(KEY_A, undefined, { domain: 'app.example' })({ uri: AUDIENCE, resources: ['a:b'] })
  })

  it('is distinguished from an environment without a page', async () => {
    const { message } = await expectCode('ERR_ENVIRONMENT', () =>
      ethereumAuth(KEY_A)({ uri: AUDIENCE, resources: ['a:b'] }),
    )
    expect(message).toContain('this environment has no location')
  })
})
