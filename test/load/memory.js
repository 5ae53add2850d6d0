import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { recoverWithSecp256k1 } from 'cacao-session/node'
import { requestVerifier } from 'cacao-session/verify'
import secp256k1 from 'secp256k1'
import { signRequest } from '../../dist/http/sign-request.js'
import { encodeDIDKey } from '../../dist/key/did-key.js'

// A server's memory over a long run of many sessions. Prints a line of JSON for each stretch; run with --expose-gc.

const SESSIONS = Number(process.env.SESSIONS)
const REQUESTS = Number(process.env.REQUESTS)
const STRETCH = REQUESTS / 10
// Requests that are verified in one turn of the event loop.
const TURN_EVERY = 10
// The clock as a server of 100 requests a second would see it.
const MS_PER_REQUEST = 10

let time = Date.parse('2026-01-31T12:00:00Z')
const now = () => time
const verify = requestVerifier({
  verifiers: ethereumVerifiers({ recover: recoverWithSecp256k1(secp256k1) }),
  authority: 'api.example.com',
  domains: ['example.com'],
  resources: false,
  now,
})

const wallet = ethereumAuth('11'.repeat(32), undefined, { domain: 'example.com' })
const sessions = []
for (let i = 0; i < SESSIONS; i++) sessions.push(await newSession())

let accepted = 0
for (let i = 1; i <= REQUESTS; i++) {
  time += MS_PER_REQUEST
  const request = await signRequest(
    new Request(`https://api.example.com/notes/${i}`),
    sessions[i % SESSIONS],
    time,
  )
  await verify(request)
  accepted++
  // As between any two requests of a server: the engine frees what it holds for the running task.
  if (i % TURN_EVERY === 0) await turn()
  if (i % STRETCH !== 0) continue
  // The platform's own Request holds memory until its finalizer has run, which is in a later task than the collection.
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc()
    await turn()
  }
  const { heapUsed, rss } = process.memoryUsage()
  process.send({ requests: i, accepted, heapUsed, rss })
}
process.disconnect()

/** As `DIDSession` makes them, with a key of node:crypto, which signs faster than WebCrypto. */
async function newSession() {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  const key = createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' })
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const [xBytes, yBytes] = [x, y].map((text) => Buffer.from(text, 'base64url'))
  const did = encodeDIDKey({
    type: 'P-256',
    bytes: Uint8Array.from([2 + ((yBytes?.at(-1) ?? 0) & 1), ...(xBytes ?? [])]),
  })
  const cacao = await wallet({
    uri: did,
    resources: ['https://api.example.com/notes/*'],
    issuedAt: new Date(time).toISOString(),
    expirationTime: new Date(time + 7 * 86_400_000).toISOString(),
  })
  const signIt = async (data) => new Uint8Array(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }))
  return { key: { did, type: 'P-256', sign: signIt }, cacao }
}
