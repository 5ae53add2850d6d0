import { httpbis } from 'http-message-signatures'
import { describe, expect, it } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { authorizationOf, contentDigest, keyURL } from '../../src/http/signature-profile.js'
import { verifyRequest } from '../../src/http/verify-request.js'
import { knownKey } from '../../src/key/did-key.js'
import { verifyKeySignature } from '../../src/key/verify.js'
import { expectCode } from '../setup/expect-code.js'
import {
  acceptingOnce,
  altered,
  NOW,
  post,
  type TestSigner,
  testSigner,
  URL_OF_NOTES,
} from '../setup/request-signer.js'

// http-message-signatures is an independent implementation of RFC 9421, which does not know our profile.

const COMPONENTS = ['@method', '@authority', '@path', '@query', 'authorization']
const OF_BODY = ['content-digest', 'content-type']
const PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag']
const ALGORITHMS = { 'P-256': 'ecdsa-p256-sha256', Ed25519: 'ed25519' }
const plain = (request: Request): { method: string; url: string; headers: Record<string, string> } => ({
  method: request.method,
  url: request.url,
  headers: Object.fromEntries(request.headers),
})

/** Whether the other library verifies the request with its key, at the current time. */
async function isSignedForThem(request: Request): Promise<boolean | null> {
  return httpbis.verifyMessage(
    {
      requiredFields: COMPONENTS,
      requiredParams: PARAMETERS,
      async keyLookup({ keyid = '' }) {
        const publicKey = knownKey(String(keyid).split('#')[0] ?? '')
        if (!publicKey) return null
        return {
          id: String(keyid),
          verify: async (data, signature) => verifyKeySignature(publicKey, signature, data),
        }
      },
    },
    plain(request),
  )
}

interface Changes {
  readonly fields?: string[]
  readonly params?: string[]
  readonly paramValues?: Record<string, unknown>
  readonly name?: string
}

/** A request that the other library signs with the session's key, in our profile except for the changes. */
async function signedByThem({ key, cacao }: TestSigner, changes: Changes = {}): Promise<Request> {
  const body = new TextEncoder().encode('Buy cacao beans')
  const headers = {
    authorization: authorizationOf(cacao),
    'content-digest': await contentDigest(body),
    'content-type': 'text/plain',
  }
  const signed = await httpbis.signMessage(
    {
      key: {
        id: keyURL(key.did),
        alg: ALGORITHMS[key.type],
        sign: async (data) => Buffer.from(await key.sign(data)),
      },
      name: changes.name ?? 'cacao',
      fields: changes.fields ?? [...COMPONENTS, ...OF_BODY],
      params: changes.params ?? PARAMETERS,
      paramValues: {
        created: new Date(NOW),
        expires: new Date(NOW + 60_000),
        nonce: 'ABCDEFGHIJKLMNOPQRSTUV',
        tag: 'cacao-session-2',
        ...changes.paramValues,
      },
    },
    { method: 'POST', url: URL_OF_NOTES, headers },
  )
  return new Request(URL_OF_NOTES, {
    method: 'POST',
    body,
    headers: signed.headers as Record<string, string>,
  })
}

describe.each(['P-256', 'Ed25519'] as const)('http-message-signatures with %s', (type) => {
  it('verifies requests that a session signs', async () => {
    const signer = await testSigner(type)
    const now = Date.now()
    for (const request of [new Request(URL_OF_NOTES), new Request('https://api.example.com/'), post('ü')]) {
      const signed = await signer.sign(request, now)
      expect(await isSignedForThem(signed).catch(String)).toBe(true)
      const changed = new Request('https://api.example.com/other', {
        method: signed.method,
        headers: signed.headers,
      })
      expect(await isSignedForThem(changed).catch(() => false)).toBe(false)
    }
  })

  it('signs requests that our server accepts', async () => {
    const signer = await testSigner(type)
    const { keyDID } = await verifyRequest(await signedByThem(signer), acceptingOnce)
    expect(keyDID).toBe(signer.key.did)
    // The signer may choose the order of parameters.
    const reversed = await signedByThem(signer, { params: [...PARAMETERS].reverse() })
    await verifyRequest(reversed.clone(), acceptingOnce)
    // A proxy may have given the request the name of another host.
    const passedOn = await altered(reversed, { url: 'https://www.example.com/notes?page=1' })
    await verifyRequest(passedOn, { ...acceptingOnce, authority: ['www.example.com', 'api.example.com'] })
  })

  const outside: readonly (readonly [string, SessionErrorCode, Changes])[] = [
    ['another label', 'ERR_REQUEST_SIGNATURE', { name: 'sig1' }],
    ['another tag', 'ERR_REQUEST_SIGNATURE', { paramValues: { tag: 'web-bot-auth' } }],
    ['no tag', 'ERR_REQUEST_SIGNATURE', { params: PARAMETERS.filter((name) => name !== 'tag') }],
    ['no nonce', 'ERR_REQUEST_SIGNATURE', { params: PARAMETERS.filter((name) => name !== 'nonce') }],
    ['no alg', 'ERR_REQUEST_SIGNATURE', { params: PARAMETERS.filter((name) => name !== 'alg') }],
    ['no expires', 'ERR_REQUEST_SIGNATURE', { params: PARAMETERS.filter((name) => name !== 'expires') }],
    ['a short nonce', 'ERR_REQUEST_SIGNATURE', { paramValues: { nonce: 'ABCDEFGHIJKLMNOPQRSTU' } }],
    [
      'an additional parameter',
      'ERR_REQUEST_SIGNATURE',
      { params: [...PARAMETERS, 'extra'], paramValues: { extra: 'x' } },
    ],
    ['no method', 'ERR_REQUEST_SIGNATURE', { fields: [...COMPONENTS.slice(1), ...OF_BODY] }],
    ['no capability', 'ERR_REQUEST_SIGNATURE', { fields: [...COMPONENTS.slice(0, 4), ...OF_BODY] }],
    ['no body', 'ERR_REQUEST_DIGEST', { fields: COMPONENTS }],
    [
      'a component that has a parameter',
      'ERR_REQUEST_SIGNATURE',
      { fields: [...COMPONENTS, 'content-digest', '"content-type";bs'] },
    ],
    ['another order', 'ERR_REQUEST_SIGNATURE', { fields: [...OF_BODY, ...COMPONENTS] }],
    [
      'another algorithm',
      'ERR_REQUEST_SIGNATURE',
      { paramValues: { alg: ALGORITHMS[type === 'P-256' ? 'Ed25519' : 'P-256'] } },
    ],
    ['an unknown algorithm', 'ERR_REQUEST_SIGNATURE', { paramValues: { alg: 'hmac-sha256' } }],
    [
      'an expiry more than an hour ahead',
      'ERR_REQUEST_STALE',
      { paramValues: { expires: new Date(NOW + 3_601_000) } },
    ],
    ['an expiry before created', 'ERR_REQUEST_STALE', { paramValues: { expires: new Date(NOW) } }],
  ]
  it.each(outside)('signs a request with %s, which is refused: %s', async (_, code, changes) => {
    const signer = await testSigner(type)
    const { params = PARAMETERS } = changes
    // In the first order, this library reads the signature by itself.
    for (const ordered of [params, [...params].reverse()])
      await expectCode(code, async () =>
        verifyRequest(await signedByThem(signer, { ...changes, params: ordered }), acceptingOnce),
      )
  })

  it('signs a request whose keyid is no URL of a key, which is refused', async () => {
    const signer = await testSigner(type)
    const { did } = signer.key
    for (const keyid of [
      did,
      `${did}#`,
      `${did}#key`,
      `${keyURL(did)}#${did.slice(8)}`,
      'did:web:example.com#key',
      '',
    ])
      await expectCode('ERR_REQUEST_SIGNATURE', async () =>
        verifyRequest(await signedByThem(signer, { paramValues: { keyid } }), acceptingOnce),
      )
  })
})
