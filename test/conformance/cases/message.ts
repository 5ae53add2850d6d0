import { equal, refuses } from '../check.js'
import { ADDRESS, DOMAIN, ED25519_DID, FIXED, NOTES, PRIVATE_KEY, textOf } from '../known.js'
import type { Case, Library } from '../library.js'

// The text of EIP-4361, exactly.
const HEAD = `${DOMAIN} wants you to sign in with your Ethereum account:\n${ADDRESS}\n\n`
const TAIL = `URI: ${ED25519_DID}
Version: 1
Chain ID: 1
Nonce: conformance1
Issued At: 2026-01-01T00:00:00.000Z
Expiration Time: 2026-01-08T00:00:00.000Z`

type Asked = Parameters<ReturnType<Library['ethereum']['ethereumAuth']>>[0]

/** The text that a wallet is asked to sign, taken from a wallet that rejects. */
async function shown({ ethereum }: Library, asked: Asked): Promise<string> {
  let text = ''
  const wallet = {
    request: async ({ method, params }: { method: string; params?: unknown }) => {
      if (method === 'eth_chainId') return '0x1'
      if (method.includes('ccounts')) return [ADDRESS]
      text = textOf((params as [string])[0])
      throw Object.assign(new Error('no'), { code: 4001 })
    },
  }
  await refuses('ERR_AUTH_REJECTED', () =>
    ethereum.ethereumAuth(wallet, undefined, { domain: DOMAIN })(asked),
  )
  return text
}

const texts: readonly (readonly [what: string, asked: Asked, text: string])[] = [
  [
    'a statement and a resource',
    { ...FIXED, statement: 'Take notes.' },
    `${HEAD}Take notes.\n\n${TAIL}\nResources:\n- ${NOTES}`,
  ],
  [
    'several resources, in their order',
    { ...FIXED, statement: 'Go.', resources: ['urn:b', 'urn:a'] },
    `${HEAD}Go.\n\n${TAIL}\nResources:\n- urn:b\n- urn:a`,
  ],
  [
    'a request id and an nbf',
    { ...FIXED, statement: 'Go.', requestId: 'r-1', notBefore: '2026-01-02T00:00:00Z' },
    `${HEAD}Go.\n\n${TAIL}\nNot Before: 2026-01-02T00:00:00Z\nRequest ID: r-1\nResources:\n- ${NOTES}`,
  ],
]

const smuggled: readonly (readonly [what: string, asked: Asked])[] = [
  ['a line break in the statement', { ...FIXED, statement: 'Go.\nURI: did:key:z6Mk' }],
  ['a line break in a resource', { ...FIXED, resources: ['urn:a\n- urn:b'] }],
  ['a resource that is no URI', { ...FIXED, resources: ['notes'] }],
  ['a nonce that is too short', { ...FIXED, nonce: 'short' }],
  ['an invalid date', { ...FIXED, expirationTime: '2026-02-30T00:00:00Z' }],
  ['a domain with a path', { ...FIXED, domain: 'app.example.com/evil' }],
]

export const message: readonly Case[] = [
  ...texts.map(
    ([what, asked, text]): Case => ({
      name: `with ${what}`,
      run: async (library) => equal(await shown(library, asked), text),
    }),
  ),
  ...smuggled.map(
    ([what, asked]): Case => ({
      name: `refuses ${what}`,
      run: ({ ethereum }) =>
        refuses('ERR_CAPABILITY_INVALID', () =>
          ethereum.ethereumAuth(PRIVATE_KEY, undefined, { domain: DOMAIN })(asked),
        ),
    }),
  ),
]
