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
  casesOptions,
  equal,
  MINUTE_MS,
  rejects,
  type StoreCase,
  type StoreCasesOptions,
} from './store-cases.js'

const DAY_MS = 86_400_000
// The DID of a session key. Nobody has the private key.
const AUDIENCE = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'

/**
 * Returns test cases for a `RevocationStore` of your own, one for each thing that such a store must do. A store that
 * fails one of them could accept a revoked session. They work with every test runner. Throws a `TypeError`
 * for a wrong option.
 *
 * @example
 * const cases = revocationStoreCases({ open: ({ now }) => myRevocation(database, { now }) })
 * for (const { name, run } of cases) test(`my store ${name}`, run)
 */
export function revocationStoreCases(options: StoreCasesOptions<RevocationStore>): StoreCase[] {
  const { open, isShared = true, openBroken } = casesOptions(options)
  const withClock = (work: (store: RevocationStore, clock: TestClock) => Promise<void>) => async () => {
    // Use whole seconds, because some capabilities have times without milliseconds.
    const clock = testClock(Math.floor(testClock().now() / 1000) * 1000)
    await work(await open({ now: clock.now }), clock)
  }
  const isRevoked = async (
    store: RevocationStore,
    cacao: Cacao,
    wanted: boolean,
    what: string,
  ): Promise<void> => equal(await store.isRevoked(cacao), wanted, `isRevoked of ${what}`)
  const cases: StoreCase[] = [
    {
      name: 'revokes one capability, and no other capability of the account',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        const [one, other] = [account.capability(clock.now()), account.capability(clock.now())]
        await isRevoked(store, one, false, 'a new capability')
        await store.revoke(one)
        await store.revoke(one)
        await isRevoked(store, one, true, 'a revoked capability')
        await isRevoked(store, other, false, 'another capability of the same account')
      }),
    },
    {
      name: 'recognises a revoked capability in each of its spellings',
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
        await isRevoked(store, cacao, true, 'a capability that never expires, after 1000 days')
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
        await isRevoked(store, cacao, true, 'a capability that had expired before the clock was set back')
      }),
    },
    {
      name: 'revokes every capability that an account granted until a time, and no other',
      run: withClock(async (store, clock) => {
        const [account, other, now] = [newAccount(), newAccount(), clock.now()]
        await store.revokeAll(account.id)
        const before = account.capability(now - 1000)
        const after = account.capability(now + 1000)
        await isRevoked(store, before, true, 'a capability granted before that time')
        await isRevoked(store, account.capability(now), true, 'a capability granted at that time')
        await isRevoked(store, after, false, 'a capability granted after that time')
        await isRevoked(store, other.capability(now - 1000), false, 'a capability of another account')
        await store.revokeAll(account.id, new Date(now - 5000))
        await isRevoked(store, before, true, 'a revoked capability after revokeAll with an earlier time')
        await store.revokeAll(account.id, new Date(now + 5000))
        await isRevoked(store, after, true, 'a capability granted before the later time of another revokeAll')
      }),
    },
    {
      name: 'recognises an account in each of its spellings',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        await store.revokeAll(
          `did:pkh:${account.id.replace(/[a-f]/g, (letter, at: number) => (at > 8 ? letter.toUpperCase() : letter))}`,
        )
        await isRevoked(
          store,
          account.capability(clock.now()),
          true,
          'a capability of an account whose address was written in upper case',
        )
      }),
    },
    {
      name: 'revokes a capability of a passkey by either of the two accounts that its signature fits',
      run: withClock(async (store, clock) => {
        const cacao = passkeyCapability(clock.now())
        const [one = '', other = ''] = await capabilityAccounts(cacao)
        await store.revokeAll(cacao.p.iss === one ? other : one)
        await isRevoked(store, cacao, true, 'a capability whose other account was signed out')
      }),
    },
    {
      name: 'rejects values that are not a capability, an account or a date',
      run: withClock(async (store) => {
        for (const input of [undefined, null, {}, 'text', { h: {}, p: {}, s: {} }])
          await rejects(async () => store.revoke(input), `revoke of ${JSON.stringify(input)}`)
        await rejects(async () => store.revokeAll('nobody'), 'revokeAll of an invalid account')
        await rejects(
          async () => store.revokeAll(newAccount().id, new Date(Number.NaN)),
          'revokeAll until an invalid date',
        )
      }),
    },
    {
      name: 'recognises what another server has revoked',
      run: withClock(async (store, clock) => {
        const other = await open({ now: clock.now })
        const [one, two] = [newAccount(), newAccount()]
        const cacao = one.capability(clock.now())
        await isRevoked(other, cacao, false, 'a new capability')
        await store.revoke(cacao)
        await isRevoked(other, cacao, true, 'a capability that the other server has revoked')
        await store.revokeAll(two.id)
        await isRevoked(
          other,
          two.capability(clock.now()),
          true,
          'a capability of an account for which the other server called revokeAll',
        )
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

/** A new Ethereum account with a random key. */
export interface NewAccount {
  /** Its CAIP-10 id. */
  readonly id: string
  /** Returns a capability that the account grants, for a day by default. With `forMs: Infinity`, it never expires. */
  capability(issuedAt: number, forMs?: number, audience?: string): Cacao
}

export function newAccount(): NewAccount {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  // This makes the number less than the order of the curve.
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

/** A capability that a passkey has signed. */
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
