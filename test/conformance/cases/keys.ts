import { equal, refuses } from '../check.js'
import { bytesOf, DOMAIN, ED25519_DID, ED25519_SEED, freshSession, NOTES } from '../known.js'
import type { Case, Library } from '../library.js'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

// The public key of a did:key, decoded independently of the library.
function publicKey(did: string): Uint8Array<ArrayBuffer> {
  let number = 0n
  for (const character of did.slice('did:key:z'.length))
    number = number * 58n + BigInt(BASE58.indexOf(character))
  return bytesOf(number.toString(16).padStart(68, '0')).slice(2)
}

const message = new TextEncoder().encode('to be signed ✓')

// With the runtime's own WebCrypto: every runtime imports P-256 as an uncompressed point, so its y is computed.
async function verifies(did: string, signature: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const key = publicKey(did)
  if (did.startsWith('did:key:z6Mk')) {
    const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
    return crypto.subtle.verify('Ed25519', imported, signature, message)
  }
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', uncompressed(key), algorithm, false, ['verify'])
  return crypto.subtle.verify(algorithm, imported, signature, message)
}

// SEC 1, 2.3.4: the prime is 3 mod 4, so a root is a power.
function uncompressed(point: Uint8Array): Uint8Array<ArrayBuffer> {
  const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
  const x = BigInt(`0x${[...point.slice(1)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`)
  const root = power((x ** 3n - 3n * x + b) % p, (p + 1n) / 4n, p)
  const y = root % 2n === BigInt(point[0] ?? 0) % 2n ? root : p - root
  return bytesOf(`04${[x, y].map((value) => value.toString(16).padStart(64, '0')).join('')}`)
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, ((base % modulus) + modulus) % modulus]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

async function stored({ core, key, stores }: Library, keyType: 'P-256' | 'Ed25519') {
  const secret = { type: 'Ed25519', secret: ED25519_SEED } as const
  const options = { resources: [NOTES], keyType, store: stores.memoryStore() }
  return core.DIDSession.get(await key.keyAccount(secret), key.keyAuth(secret, { domain: DOMAIN }), options)
}

export const keys: readonly Case[] = [
  {
    name: 'WebCrypto verifies the signature of a P-256 key by its did:key',
    async run(library) {
      const session = await stored(library, 'P-256')
      equal(session.keyDID.slice(0, 12), 'did:key:zDna')
      equal(await verifies(session.keyDID, await session.sign(message)), true)
    },
  },
  {
    name: 'WebCrypto verifies the signature of an Ed25519 key by its did:key',
    async run(library) {
      const session = await stored(library, 'Ed25519')
      equal(session.keyDID.slice(0, 12), 'did:key:z6Mk')
      equal(await verifies(session.keyDID, await session.sign(message)), true)
    },
  },
  {
    name: 'WebCrypto verifies the signature of a key made from a seed',
    async run(library) {
      const session = await freshSession(library)
      const signature = await session.sign(message)
      equal(await verifies(session.keyDID, signature), true)
      signature[9] = (signature[9] ?? 0) ^ 1
      equal(await verifies(session.keyDID, signature), false)
    },
  },
  {
    name: 'a key made from a seed signs the same bytes equally (RFC 8032)',
    async run(library) {
      const session = await freshSession(library)
      equal(await session.sign(message), await session.sign(message))
    },
  },
  {
    name: 'the key made from a secret is that of RFC 8032, 7.1',
    async run({ key }) {
      equal(await key.keyAccount({ type: 'Ed25519', secret: ED25519_SEED }), ED25519_DID)
    },
  },
  {
    name: 'a stored key cannot be written to a string',
    async run(library) {
      const session = await stored(library, 'P-256')
      equal(session.isSerializable, false)
      await refuses('ERR_NOT_SERIALIZABLE', () => session.serialize())
    },
  },
  {
    name: 'two sessions have different keys',
    async run(library) {
      const [one, two] = await Promise.all([freshSession(library), freshSession(library)])
      equal(one.keyDID === two.keyDID, false)
    },
  },
  {
    name: 'sign() accepts only bytes',
    run: async (library) => {
      const session = await freshSession(library)
      await refuses('TypeError', () => session.sign('text' as never))
    },
  },
]
