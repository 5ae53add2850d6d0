import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import type { AuthMethod } from '../../src/capability/auth-method.js'
import { decodeDagJSON, encodeDagJSON } from '../../src/capability/dag-json.js'
import { DIDSession } from '../../src/compat/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { keyAuth } from '../../src/wallet/key/index.js'
import { solanaAuth } from '../../src/wallet/solana/index.js'
import { expectCode } from '../setup/expect-code.js'
import { testSolanaWallet } from '../setup/solana-wallet.js'
import { ACCOUNT_B, KEY_A } from '../setup/wallet.js'

const resources = ['ceramic://*']
const domain = 'app.example.com'

interface Content {
  sessionKeySeed: string
  cacao: { h: object; p: Record<string, unknown>; s: Record<string, unknown> }
}

// Changes a session string, as anyone who has one of their own can.
function forged(text: string, change: (cacao: Content['cacao']) => object): string {
  const content = decodeDagJSON(fromUtf8(fromBase64url(text) ?? new Uint8Array()) ?? '') as Content
  const cacao = { ...content.cacao, ...change(content.cacao) }
  return toBase64url(utf8(encodeDagJSON({ ...content, cacao })))
}

const issuedBy = (text: string, iss: string): string => forged(text, ({ p }) => ({ p: { ...p, iss } }))

const solana = testSolanaWallet(7)
const METHODS: readonly [string, AuthMethod, string][] = [
  ['Ethereum', ethereumAuth(KEY_A, undefined, { domain }), `did:pkh:${ACCOUNT_B}`],
  ['Solana', solanaAuth(solana.wallet, solana.account, { domain }), `did:pkh:${testSolanaWallet(8).account}`],
  [
    'a bare key',
    keyAuth({ type: 'Ed25519', secret: '07'.repeat(32) }, { domain }),
    'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw',
  ],
]

describe("a string of somebody's own session", () => {
  it.each(METHODS)('is read with an account of %s, but not with another account', async (_, auth, other) => {
    const session = await DIDSession.authorize(auth, { resources })
    const text = session.serialize()
    expect((await DIDSession.fromSession(text)).id).toBe(session.id)
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => DIDSession.fromSession(issuedBy(text, other)))
  })

  it('is not read with a signature type that nobody verifies', async () => {
    const auth = ethereumAuth(KEY_A, undefined, { domain })
    const text = issuedBy(
      (await DIDSession.authorize(auth, { resources })).serialize(),
      `did:pkh:${ACCOUNT_B}`,
    )
    for (const t of ['eip1271', 'tezos:ed25519', 'x', 'constructor']) {
      const relabelled = forged(text, ({ s }) => ({ s: { ...s, t } }))
      await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => DIDSession.fromSession(relabelled))
    }
    const relabelled = forged(text, ({ h, s }) => ({
      h: { ...h, t: 'caip122' },
      s: { ...s, t: 'solana:ed25519' },
    }))
    await expectCode('ERR_CAPABILITY_ISSUER', () => DIDSession.fromSession(relabelled))
  })

  it('is made, but not read, with an account whose signature only its chain knows', async () => {
    const eoa = ethereumAuth(KEY_A, undefined, { domain })
    const auth: AuthMethod = async (opts) => {
      const cacao = await eoa(opts)
      return { ...cacao, s: { ...cacao.s, t: 'eip1271' } }
    }
    const session = await DIDSession.authorize(auth, { resources })
    await expect(session.did.createJWS({ hello: 'world' })).resolves.toBeDefined()
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => DIDSession.fromSession(session.serialize()))
  })
})
