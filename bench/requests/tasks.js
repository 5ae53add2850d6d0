import 'fake-indexeddb/auto'
import { createPublicKey, randomUUID, verify, webcrypto } from 'node:crypto'
import { DIDSession } from 'cacao-session'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { requestVerifier } from 'cacao-session/verify'
import { dpop, jose, oauth } from '../peers/peers.js'
import { callsPerTask } from '../timing/measure.js'

const PRIVATE_KEY = `0x${'11'.repeat(32)}`
const TARGET = 'https://api.example.com/notes?page=1'
const ISSUER = 'https://login.example.com'
const BODY = JSON.stringify({ text: 'x'.repeat(1000) })
const POST = { method: 'POST', body: BODY, headers: { 'content-type': 'application/json' } }

const { subtle } = webcrypto
const ES256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** What is timed, by name; and what the throughput needs. */
export async function peerTasks(rounds) {
  const most = callsPerTask(rounds)
  const account = 'eip155:1:0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
  const options = { resources: ['https://api.example.com/*'], expiresInSecs: 86_400 }
  const wallet = ethereumAuth(PRIVATE_KEY, account, { domain: 'app.example.com' })
  const session = await DIDSession.get(account, wallet, options)
  const seeded = await DIDSession.authorize(wallet, options)
  const verifierOptions = {
    verifiers: ethereumVerifiers(),
    authority: 'api.example.com',
    domains: ['app.example.com'],
    resources: ['https://api.example.com/notes'],
    maxAgeSecs: 3600,
  }
  const verification = async (by, init) => {
    const check = requestVerifier(verifierOptions)
    const requests = []
    // One more, by which the server gets to know the session.
    while (requests.length <= most) requests.push(await by.signRequest(new Request(TARGET, init)))
    await check(requests.pop())
    return () => check(requests.pop())
  }

  const server = await subtle.generateKey(ES256, true, ['sign', 'verify'])
  const bearer = await new jose.SignJWT({ scope: 'notes' })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience('https://api.example.com')
    .setSubject(account)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(server.privateKey)
  const bearerRequest = () => new Request(TARGET, { headers: { authorization: `Bearer ${bearer}` } })
  const verifyBearer = (request) =>
    jose.jwtVerify(request.headers.get('authorization').slice(7), server.publicKey, {
      issuer: ISSUER,
      audience: 'https://api.example.com',
      algorithms: ['ES256'],
    })

  const { as, accessToken, proof } = await dpopFixtures(account)
  const bound = []
  while (bound.length <= most)
    bound.push(
      new Request(TARGET, { headers: { authorization: `DPoP ${accessToken}`, dpop: await proof() } }),
    )
  const bytes = webcrypto.getRandomValues(new Uint8Array(512))
  const signature = await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, server.privateKey, bytes)
  const nodeKey = {
    key: createPublicKey({ key: await subtle.exportKey('jwk', server.publicKey), format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  }

  const tasks = new Map([
    ['verify GET', await verification(session)],
    ['verify GET, Ed25519', await verification(seeded)],
    ['verify POST 1 kB', await verification(session, POST)],
    ['jose: bearer JWT', () => verifyBearer(bearerRequest())],
    [
      'oauth4webapi: DPoP',
      () => oauth.validateJwtAccessToken(as, bound.pop(), 'https://api.example.com', as.options),
    ],
    [
      'WebCrypto: verify',
      () => subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, server.publicKey, signature, bytes),
    ],
    ['node:crypto: verify', () => verify('sha256', bytes, nodeKey, new Uint8Array(signature))],
    ['sign GET', () => session.signRequest(new Request(TARGET))],
    ['sign POST 1 kB', () => session.signRequest(new Request(TARGET, POST))],
    ['dpop: proof', proof],
    ['WebCrypto: sign', () => subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, server.privateKey, bytes)],
  ])
  return { tasks, fixtures: { session, verifierOptions, TARGET, bearer, verifyBearer, server } }
}

/** An access token that is bound to a key (RFC 9449), its issuer, and a function that makes a proof. */
async function dpopFixtures(account) {
  const issuer = await subtle.generateKey(ES256, true, ['sign', 'verify'])
  const client = await subtle.generateKey(ES256, false, ['sign', 'verify'])
  const jwk = await subtle.exportKey('jwk', client.publicKey)
  const kid = 'bench'
  const accessToken = await new jose.SignJWT({
    client_id: 'bench',
    cnf: { jkt: await jose.calculateJwkThumbprint(jwk) },
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .setIssuer(ISSUER)
    .setAudience('https://api.example.com')
    .setSubject(account)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(issuer.privateKey)
  const keys = {
    keys: [{ ...(await subtle.exportKey('jwk', issuer.publicKey)), kid, alg: 'ES256', use: 'sig' }],
  }
  const options = { [oauth.jwksCache]: { jwks: keys, uat: Math.floor(Date.now() / 1000) } }
  return {
    as: { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks`, options },
    accessToken,
    proof: () => dpop.generateProof(client, TARGET.split('?')[0], 'GET', undefined, accessToken),
  }
}
