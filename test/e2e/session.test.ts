import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Engine } from '../engines/engine.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { describeEngines } from './engines.js'
import {
  type Look,
  type Resumed,
  SIGNED_TEXT,
  type SignInReport,
  type TakeKeyReport,
} from './pages/session-report.js'
import { runPage } from './run-page.js'
import { type PageServer, servePage } from './server.js'
import { temporaryFolder } from './temporary-folder.js'
import { isSignedBy } from './verify-signature.js'

let server: PageServer
beforeAll(async () => {
  server = await servePage('session.ts')
})
afterAll(() => server.close())

type Run = <Value>(step: string, mode?: { readonly private: boolean }) => Promise<Value>

/** Returns a function that runs a browser on a new profile; each call starts the browser again. */
async function profile(engine: Engine): Promise<Run> {
  const profileDir = await temporaryFolder()
  return (step, mode) => runPage(engine, server, { profileDir, path: `/?step=${step}`, ...mode })
}

/** The expected report of a session in IndexedDB, without any call to the wallet. */
const kept = (keyDID: string): Look => ({
  keyDID,
  persistence: 'indexeddb',
  isKnown: true,
  storedKeyDIDs: [keyDID],
  walletCalls: [],
})
const nothing: Look = {
  keyDID: null,
  persistence: null,
  isKnown: false,
  storedKeyDIDs: [],
  walletCalls: [],
}

describeEngines('a session', (engine) => {
  it('survives a reload and a restart, and ends with the sign-out', async () => {
    const run = await profile(engine)
    const { signedIn, reloaded } = await run<SignInReport>('sign-in')
    const { keyDID } = signedIn
    expect(signedIn).toMatchObject({ account: `did:pkh:${ACCOUNT_A}`, persistence: 'indexeddb' })
    expect(signedIn.storedKeyDIDs).toEqual([keyDID])
    expect(signedIn.texts).toHaveLength(1)
    expect(signedIn.texts[0]).toMatch(new RegExp(`^localhost:${server.port} wants you to sign in`))
    expect(signedIn.texts[0]).toContain(`URI: ${keyDID}`)
    expect(reloaded).toEqual(kept(keyDID))

    const { signature, resumedKeyDID, ...restarted } = await run<Resumed>('resume')
    expect(restarted).toEqual(kept(keyDID))
    expect(resumedKeyDID).toBe(keyDID)
    expect(await isSignedBy(keyDID, signature, SIGNED_TEXT)).toBe(true)
    expect(await isSignedBy(keyDID, signature, `not ${SIGNED_TEXT}`)).toBe(false)

    expect(await run('sign-out')).toEqual(nothing)
    expect(await run('look')).toEqual(nothing)
  })

  it('has a key that no script can export', async () => {
    const run = await profile(engine)
    const { sessionKey, exportableKey } = await run<TakeKeyReport>('take-key')
    expect(new Set(Object.values(exportableKey))).toEqual(new Set(['taken']))
    expect(new Set(Object.values(sessionKey))).toEqual(new Set(['InvalidAccessError']))
    expect(Object.keys(sessionKey)).toHaveLength(4)
  })

  it('of a private window works, reports its persistence, and ends with the window', async () => {
    const run = await profile(engine)
    const { signedIn, reloaded } = await run<SignInReport>('sign-in', { private: true })
    const { keyDID, persistence, signature } = signedIn
    expect(signedIn.texts).toHaveLength(1)
    expect(await isSignedBy(keyDID, signature, SIGNED_TEXT)).toBe(true)
    expect(signedIn.loaded).toEqual({ keyDID, persistence })
    expect(['indexeddb', 'memory']).toContain(persistence)
    const isKept = persistence === 'indexeddb'
    expect(signedIn.storedKeyDIDs).toEqual(isKept ? [keyDID] : [])
    expect(reloaded).toEqual(isKept ? kept(keyDID) : nothing)

    expect(await run('look')).toEqual(nothing)
  })

  it('of did-session 4 is resumed after a restart, without the wallet', async () => {
    const run = await profile(engine)
    const { keyDID, databases } = await run<{ keyDID: string; databases: string[] }>('leave-did-session-4')
    expect(databases).toEqual(['did-session'])
    const { signature, resumedKeyDID, ...restarted } = await run<Resumed>('resume')
    expect(restarted).toEqual(kept(keyDID))
    expect(resumedKeyDID).toBe(keyDID)
    expect(await isSignedBy(keyDID, signature, SIGNED_TEXT)).toBe(true)
  })
})
