import { randomBytes } from 'node:crypto'
import { memoryReplay, memoryRevocation } from 'cacao-session/verify'
import { capabilityGate, storeAsker } from '../../dist/http/capability-gate.js'
import { parseToken } from '../../dist/http/signature-profile.js'
import { encodeDIDKey } from '../../dist/key/did-key.js'

// What one thing that a server remembers takes: bytes of the heap, and microseconds to remember it. Run with --expose-gc.

const [kind, countText] = process.argv.slice(2)
const count = Number(countText)
const now = Date.now()
const dids = Array.from({ length: 64 }, () =>
  encodeDIDKey({ type: 'P-256', bytes: Uint8Array.from([2, ...randomBytes(32)]) }),
)
const kinds = { capabilities, nonces, revocations }
const { keep, add } = kinds[kind]()
const before = used()
const start = performance.now()
for (let i = 0; i < count; i++) await add(i)
const us = ((performance.now() - start) / count) * 1000
process.send({ bytes: (used() - before) / count, us }, () => process.exit(keep === undefined ? 1 : 0))

function used() {
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

/** As servers know them: each of another account, with a text of its own. The wallet's signature isn't what is measured. */
function capabilities() {
  const gate = capabilityGate({
    verifiers: { eip191: async () => undefined },
    domains: ['app.example.com'],
    delegation: false,
    revocation: undefined,
    clockSkewSecs: 300,
    cacheSize: count,
    askStore: storeAsker(1000),
  })
  return {
    keep: gate,
    async add(i) {
      const text = Buffer.from(JSON.stringify(capability(i))).toString('base64url')
      await gate.admit({ text, keyDID: dids[i % 64], read: () => parseToken(text) }, now, () => undefined)
    },
  }
}

function nonces() {
  const replay = memoryReplay({ maxEntries: count, now: () => now })
  return {
    keep: replay,
    add: (i) =>
      replay.use(`${dids[i % 64]} ${randomBytes(16).toString('base64url')}`, now + 360_000 + (i % 60) * 1000),
  }
}

function revocations() {
  const revocation = memoryRevocation({ now: () => now })
  return { keep: revocation, add: (i) => revocation.revoke(capability(i)) }
}

function capability(i) {
  return {
    h: { t: 'caip122' },
    p: {
      domain: 'app.example.com',
      iss: `did:pkh:eip155:1:0x${i.toString(16).padStart(40, '0')}`,
      aud: dids[i % 64],
      version: '1',
      nonce: `abcdefgh${i}`,
      iat: new Date(now - 1000).toISOString(),
      exp: new Date(now + 7 * 86_400_000).toISOString(),
      statement: 'Give this application access to some of your data',
      resources: ['https://api.example.com/notes/*', 'https://api.example.com/photos/*'],
    },
    s: { t: 'eip191', s: `0x${i.toString(16).padStart(130, '1')}` },
  }
}
