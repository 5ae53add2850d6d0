import { toHex } from '../../../src/base/hex.js'
import { DIDSession } from '../../../src/index.js'
import { sessionKeyOfPair } from '../../../src/key/session-key.js'
import { testWallet } from '../../../src/testing/fake-wallet.js'
import { ethereumAccount, ethereumAuth } from '../../../src/wallet/ethereum/index.js'
import { signed } from '../../setup/capability.js'
import { databaseNames, plantDIDSession4 } from '../../setup/origin.js'
import { ACCOUNT_A } from '../../setup/wallet.js'
import { report } from './report.js'
import {
  type Look,
  type Resumed,
  SIGNED_TEXT,
  type SignedIn,
  type SignInReport,
  type TakeKeyReport,
} from './session-report.js'
import { storedKeyDIDs, storedKeys } from './stored-keys.js'
import { takeKey } from './take-key.js'

const resources = ['https://api.example.com/notes/*']
const P256 = { name: 'ECDSA', namedCurve: 'P-256' }

const wallet = testWallet()
// The global where scripts find a wallet, so that calls without an argument are counted too.
Object.assign(globalThis, { ethereum: wallet.provider })

async function get(): Promise<DIDSession> {
  return DIDSession.get(ACCOUNT_A, ethereumAuth(wallet.provider, ACCOUNT_A), { resources })
}

async function signText(session: DIDSession): Promise<string> {
  return toHex(await session.sign(new TextEncoder().encode(SIGNED_TEXT)))
}

async function signIn(): Promise<SignedIn> {
  const account = await ethereumAccount(wallet.provider)
  const session = await DIDSession.get(account, ethereumAuth(wallet.provider, account), { resources })
  const loaded = await DIDSession.load()
  return {
    account: session.id,
    keyDID: session.keyDID,
    persistence: session.persistence,
    signature: await signText(session),
    storedKeyDIDs: await storedKeyDIDs(),
    loaded: loaded ? { keyDID: loaded.keyDID, persistence: loaded.persistence } : {},
    texts: wallet.texts,
  }
}

async function look(): Promise<Look> {
  const session = await DIDSession.load()
  return {
    keyDID: session?.keyDID ?? null,
    persistence: session?.persistence ?? null,
    isKnown: await DIDSession.hasSessionFor(ACCOUNT_A, resources),
    storedKeyDIDs: await storedKeyDIDs(),
    walletCalls: wallet.calls,
  }
}

/** Signs in and reloads itself; then it has something to report. */
async function signInAndReload(): Promise<SignInReport> {
  const signedIn = sessionStorage.getItem('signed-in')
  if (signedIn !== null) return { signedIn: JSON.parse(signedIn), reloaded: await look() }
  sessionStorage.setItem('signed-in', JSON.stringify(await signIn()))
  location.reload()
  return new Promise(() => undefined)
}

async function resume(): Promise<Resumed> {
  const seen = await look()
  const session = await get()
  return { ...seen, resumedKeyDID: session.keyDID, signature: await signText(session) }
}

async function signOut(): Promise<Look> {
  await DIDSession.remove(ACCOUNT_A)
  return look()
}

async function signInAndTakeKey(): Promise<TakeKeyReport> {
  await get()
  const [stored] = await storedKeys()
  if (!stored) throw new Error('no key is stored')
  const exportable = await crypto.subtle.generateKey(P256, true, ['sign'])
  return {
    sessionKey: await takeKey(stored.privateKey),
    exportableKey: await takeKey(exportable.privateKey),
  }
}

/** Stores what an app with did-session 4 would store. */
async function leaveDIDSession4(): Promise<{ keyDID: string; databases: unknown[] }> {
  const keypair = await crypto.subtle.generateKey(P256, false, ['sign'])
  const keyDID = (await sessionKeyOfPair(keypair))?.did ?? ''
  const cacao = structuredClone(signed({ aud: keyDID, domain: location.host, resources }))
  await plantDIDSession4(ACCOUNT_A, { cacao, keypair })
  return { keyDID, databases: await databaseNames() }
}

const steps: Readonly<Record<string, () => Promise<unknown>>> = {
  'sign-in': signInAndReload,
  look,
  resume,
  'sign-out': signOut,
  'take-key': signInAndTakeKey,
  'leave-did-session-4': leaveDIDSession4,
}

const step = steps[new URLSearchParams(location.search).get('step') ?? '']
if (step) await report(step)
