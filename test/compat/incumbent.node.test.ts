import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AccountId } from 'caip'
import type { DID } from 'dids'
import { IDBFactory } from 'fake-indexeddb'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuthMethod } from '../../src/capability/auth-method.js'
import { DIDSession as DropIn } from '../../src/compat/did-session.js'
import { toDID } from '../../src/compat/dids.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { didSession4Accounts } from '../setup/origin.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

// did-session 4.0.0 itself, from its own folder, because it is not a dependency of this project.
const FOLDER = fileURLToPath(new URL('../../bench/did-session', import.meta.url))

interface Session {
  readonly did: DID
  readonly id: string
  readonly isExpired: boolean
  serialize(): string
  isAuthorized(resources?: string[]): boolean
}
interface Library {
  get(account: AccountId, authMethod: AuthMethod, opts: object): Promise<Session>
  authorize(authMethod: AuthMethod, opts: object): Promise<Session>
  fromSession(session: string): Promise<Session>
  hasSessionFor(account: AccountId, resources: string[]): Promise<unknown>
}

let theirs: Library
beforeAll(async () => {
  if (!existsSync(`${FOLDER}/node_modules/did-session`)) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', FOLDER], { stdio: 'ignore' })
  }
  const path = `${FOLDER}/incumbent.js`
  theirs = ((await import(/* @vite-ignore */ path)) as { DIDSession: Library }).DIDSession
}, 120_000)
// Each test has a new origin, because did-session leaves connections open, which would block a deletion.
const newOrigin = (): void => {
  globalThis.indexedDB = new IDBFactory()
}
beforeEach(newOrigin)

const resources = ['ceramic://*']
const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const account = new AccountId(ACCOUNT_A)
const verifiers = ethereumVerifiers()

describe('the real did-session 4.0.0', () => {
  it('reads our session strings, and its DID signs', async () => {
    const ours = await DIDSession.authorize(auth, { resources })
    for (const text of [ours.serialize(), (await DropIn.fromSession(ours.serialize())).serialize()]) {
      const session = await theirs.fromSession(text)
      expect([session.id, session.did.id, session.isExpired]).toEqual([ours.id, ours.keyDID, false])
      expect(session.isAuthorized(resources)).toBe(true)
      expect(session.serialize()).toBe(ours.serialize())
      const jws = await session.did.createJWS({ hello: 'world' })
      const result = await (await toDID(ours)).verifyJWS(jws, {
        issuer: ours.id,
        capability: ours.cacao as never,
        verifiers,
      })
      expect(result.payload).toEqual({ hello: 'world' })
    }
  })

  it('verifies a JWS of our DID', async () => {
    const ours = await DIDSession.get(ACCOUNT_A, auth, { resources })
    const jws = await (await toDID(ours)).createJWS({ hello: 'world' })
    const { did } = await theirs.authorize(auth, { resources })
    const result = await did.verifyJWS(jws, { issuer: ours.id, capability: ours.cacao as never })
    expect(result.payload).toEqual({ hello: 'world' })
  })

  it('writes session strings that we read', async () => {
    const text = (await theirs.authorize(auth, { resources, expiresInSecs: 3600 })).serialize()
    const ours = await DIDSession.fromSession(text, { verifiers })
    expect(ours.serialize()).toBe(text)
    expect(ours.isAuthorized(resources)).toBe(true)
  })

  it('stores a session that we resume without a prompt', async () => {
    const stored = await theirs.get(account, auth, { resources })
    const wallet = testWallet()
    const ours = await DIDSession.get(account, ethereumAuth(wallet.provider), { resources, verifiers })
    expect(ours.keyDID).toBe(stored.did.id)
    expect(wallet.calls).toEqual([])
    expect(await didSession4Accounts()).toEqual([])
    expect((await DIDSession.load())?.keyDID).toBe(stored.did.id)
  })

  it('behaves the same as our drop-in', async () => {
    for (const library of [theirs, DropIn as unknown as Library]) {
      newOrigin()
      expect(Boolean(await library.hasSessionFor(account, resources))).toBe(false)
      const session = await library.get(account, auth, { resources, expiresInSecs: 3600 })
      expect(await library.hasSessionFor(account, resources)).toBe(true)
      expect(await library.hasSessionFor(account, ['other://*'])).toBe(false)
      expect(await library.hasSessionFor(account, ['ceramic://a'])).toBe(false)
      expect([session.id, session.isExpired, session.did.authenticated]).toEqual([
        `did:pkh:${ACCOUNT_A}`,
        false,
        true,
      ])
      expect(session.isAuthorized(['ceramic://a'])).toBe(false)
      expect(() => session.serialize()).toThrow('Secure sessions cannot be serialized')
      expect((await library.get(account, auth, { resources })).did.id).toBe(session.did.id)
      const other = await library.get(account, auth, { resources: ['ceramic://a'] })
      expect(other.did.id).not.toBe(session.did.id)
      expect(other.isAuthorized(['ceramic://a'])).toBe(true)
    }
  })
})
