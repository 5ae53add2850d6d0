import { p256 } from '@noble/curves/nist.js'
import { utf8 } from '../base/bytes.js'
import { toHex } from '../base/hex.js'
import { toBase64url } from '../base/multibase.js'
import type { Cacao, CacaoPayload } from '../capability/cacao.js'
import { encodeAAD, signedBytes } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { capabilityAccounts, type RevocationStore } from '../http/revocation.js'
import { candidatesOf } from '../key/ecdsa.js'
import { addressOfPrivateKey, eip191Sign } from '../wallet/ethereum/secp256k1.js'
import { renderEthereumMessage } from '../wallet/ethereum/siwe-message.js'
import { type TestClock, testClock } from './fake-clock.js'
import {
  brokenCases,
  equal,
  MINUTE_MS,
  rejects,
  type StoreCase,
  type StoreCasesOptions,
} from './store-cases.js'

const DAY_MS = 86_400_000
// A session key that nobody has.
const AUDIENCE = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'

/**
 * What a `RevocationStore` must do, for the tests of your own: one that fails any of these could let a revoked session go on. They work
 * with every test runner.
 *
 * @example
 * const cases = revocationStoreCases({ open: ({ now }) => myRevocation(database, { now }) })
 * for (const { name, run } of cases) test(`my store ${name}`, run)
 */
export function revocationStoreCases(options: StoreCasesOptions<RevocationStore>): StoreCase[] {
  const { isShared = true, openBroken } = options
  const withClock = (work: (store: RevocationStore, clock: TestClock) => Promise<void>) => async () => {
    // Capabilities have times of whole seconds at least.
    const clock = testClock(Math.floor(testClock().now() / 1000) * 1000)
    await work(await options.open({ now: clock.now }), clock)
  }
  const isRevoked = async (
    store: RevocationStore,
    cacao: Cacao,
    wanted: boolean,
    what: string,
  ): Promise<void> => equal(await store.isRevoked(cacao), wanted, `isRevoked of ${what}`)
  const cases: StoreCase[] = [
    {
      name: 'revokes one capability, once and for all',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        const [one, other] = [account.capability(clock.now()), account.capability(clock.now())]
        await isRevoked(store, one, false, 'a new capability')
        await store.revoke(one)
        await store.revoke(one)
        await isRevoked(store, one, true, 'a revoked capability')
        await isRevoked(store, other, false, 'another one of the same account')
      }),
    },
    {
      name: 'knows a revoked capability in each of its spellings',
      run: withClock(async (store, clock) => {
        const cacao = newAccount().capability(clock.now())
        await store.revoke({ ...cacao, h: { t: cacao.h.t === 'eip4361' ? 'caip122' : 'eip4361' } })
        const upper = `0x${String(cacao.s.s).slice(2).toUpperCase()}`
        await isRevoked(
          store,
          parseCacao({ ...cacao, s: { ...cacao.s, s: upper } }),
          true,
          'another spelling',
        )
      }),
    },
    {
      name: 'revokes a capability that never expires',
      run: withClock(async (store, clock) => {
        const cacao = newAccount().capability(clock.now(), Number.POSITIVE_INFINITY)
        await store.revoke(cacao)
        clock.advance((1000 * DAY_MS) / 1000)
        await isRevoked(store, cacao, true, 'what never expires, after 1000 days')
      }),
    },
    {
      name: 'forgets no revocation that is still needed when the clock is set back',
      run: withClock(async (store, clock) => {
        const [account, start] = [newAccount(), clock.now()]
        const cacao = account.capability(start, 60 * MINUTE_MS)
        await store.revoke(cacao)
        clock.set(start + 10 * DAY_MS)
        await store.revoke(account.capability(clock.now()))
        await store.revoke(account.capability(clock.now()))
        clock.set(start)
        await isRevoked(store, cacao, true, 'what had expired before the clock was set back')
      }),
    },
    {
      name: 'revokes all that an account granted until a time, and nothing else',
      run: withClock(async (store, clock) => {
        const [account, other, now] = [newAccount(), newAccount(), clock.now()]
        await store.revokeAll(account.id)
        await isRevoked(store, account.capability(now - 1000), true, 'what was granted before')
        await isRevoked(store, account.capability(now), true, 'what was granted at that time')
        await isRevoked(store, account.capability(now + 1000), false, 'what was granted after')
        await isRevoked(store, other.capability(now - 1000), false, 'what another account granted')
        await store.revokeAll(account.id, new Date(now - 5000))
        await isRevoked(store, account.capability(now - 1000), true, 'it, after an earlier time')
        await store.revokeAll(account.id, new Date(now + 5000))
        await isRevoked(store, account.capability(now + 1000), true, 'what came after, by a later time')
      }),
    },
    {
      name: 'knows an account in each of its spellings',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        await store.revokeAll(
          `did:pkh:${account.id.replace(/[a-f]/g, (letter, at: number) => (at > 8 ? letter.toUpperCase() : letter))}`,
        )
        await isRevoked(
          store,
          account.capability(clock.now()),
          true,
          'an account whose address has another case',
        )
      }),
    },
    {
      name: 'revokes what a passkey granted under both of the keys that its signature fits',
      run: withClock(async (store, clock) => {
        const cacao = passkeyCapability(clock.now())
        const [one = '', other = ''] = await capabilityAccounts(cacao)
        await store.revokeAll(cacao.p.iss === one ? other : one)
        await isRevoked(store, cacao, true, 'a capability whose twin account was signed out')
      }),
    },
    {
      name: 'refuses what is no capability, no account, and no date',
      run: withClock(async (store) => {
        for (const input of [undefined, null, {}, 'text', { h: {}, p: {}, s: {} }])
          await rejects(async () => store.revoke(input), `revoke of ${JSON.stringify(input)}`)
        await rejects(async () => store.revokeAll('nobody'), 'revokeAll of what is no account')
        await rejects(
          async () => store.revokeAll(newAccount().id, new Date(Number.NaN)),
          'revokeAll until no date',
        )
      }),
    },
    {
      name: 'knows what another server has revoked',
      run: withClock(async (store, clock) => {
        const other = await options.open({ now: clock.now })
        const [one, two] = [newAccount(), newAccount()]
        const cacao = one.capability(clock.now())
        await isRevoked(other, cacao, false, 'a new capability')
        await store.revoke(cacao)
        await isRevoked(other, cacao, true, 'what the other server has revoked')
        await store.revokeAll(two.id)
        await isRevoked(other, two.capability(clock.now()), true, 'what the other server has signed out')
      }),
    },
  ]
  const capability = (): Cacao => newAccount().capability(testClock().now())
  return [
    ...(isShared ? cases : cases.slice(0, -1)),
    ...brokenCases(openBroken, {
      revoke: (store) => store.revoke(capability()),
      revokeAll: (store) => store.revokeAll(newAccount().id),
      isRevoked: (store) => store.isRevoked(capability()),
    }),
  ]
}

/** An Ethereum account that nobody had before. */
export interface NewAccount {
  /** Its CAIP-10 id. */
  readonly id: string
  /** A capability that it grants, for a day by default; `Infinity` for one that never expires. */
  capability(issuedAt: number, forMs?: number, audience?: string): Cacao
}

export function newAccount(): NewAccount {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  // Less than the order of the curve.
  secret[0] = 1
  const id = `eip155:1:${addressOfPrivateKey(secret).toLowerCase()}`
  return {
    id,
    capability(issuedAt, forMs = DAY_MS, audience = AUDIENCE) {
      const p = payload(`did:pkh:${id}`, issuedAt, { forMs, audience })
      const s = eip191Sign(renderEthereumMessage(p), secret)
      return parseCacao({ h: { t: 'caip122' }, p, s: { t: 'eip191', s } })
    },
  }
}

/** A capability as a passkey signs it. */
function passkeyCapability(issuedAt: number): Cacao {
  const signed = { authData: new Uint8Array(37), clientDataJSON: utf8('{"type":"webauthn.get"}') }
  const data = signedBytes(signed)
  const secret = crypto.getRandomValues(new Uint8Array(32))
  secret[0] = 1
  const raw = p256.sign(data, secret, { lowS: false })
  const der = p256.sign(data, secret, { lowS: false, format: 'der' })
  const [iss = ''] = candidatesOf(raw as Uint8Array<ArrayBuffer>, data)
  const p = payload(iss, issuedAt, { forMs: DAY_MS, audience: AUDIENCE })
  const s = { t: 'webauthn:p256', s: toBase64url(der), m: { aad: encodeAAD(signed) } }
  return parseCacao({ h: { t: 'caip122' }, p, s })
}

function payload(
  iss: string,
  issuedAt: number,
  { forMs, audience }: { readonly forMs: number; readonly audience: string },
): CacaoPayload {
  return {
    domain: 'app.example.com',
    iss,
    aud: audience,
    version: '1',
    nonce: toHex(crypto.getRandomValues(new Uint8Array(16))),
    iat: new Date(issuedAt).toISOString(),
    ...(Number.isFinite(forMs) && { exp: new Date(issuedAt + forMs).toISOString() }),
    statement: 'Sign in.',
    resources: ['https://api.example.com/*'],
  }
}
