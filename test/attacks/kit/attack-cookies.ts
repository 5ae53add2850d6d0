import { expect } from 'vitest'
import { DIDSession } from '../../../src/session/did-session.js'
import { type CookieStore, cookieStore } from '../../../src/store/cookie-store.js'
import { stringStore } from '../../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../../src/wallet/ethereum.js'
import { headerOf } from '../../setup/cookies.js'
import { mapBackend } from '../../setup/string-backends.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A } from '../../setup/wallet.js'

/** A server that says whose the session in the cookies is. */
export interface CookieServer {
  /** What it answers to these cookies. */
  visit(cookies: string): Promise<string>
  readonly secret: Uint8Array
  /** The site whose sign-ins count. */
  readonly domain: string
}

/** A cookie as someone has it who has signed in at a server with this secret, on this site. */
async function cookiesOf(secret: Uint8Array, domain: string): Promise<string> {
  const cookies: CookieStore = cookieStore(undefined, { secret })
  await DIDSession.get(ACCOUNT_A, ethereumAuth(KEY_A, undefined, { domain }), {
    resources: ['https://api.example.com/notes/*'],
    store: stringStore(cookies),
    verifiers: ethereumVerifiers(),
    domains: [domain],
  })
  return headerOf(cookies)
}

/** Expects that the genuine cookie is believed, and no other one. */
export async function attackCookies({ visit, secret, domain }: CookieServer): Promise<void> {
  const genuine = await cookiesOf(secret, domain)
  const believed = `did:pkh:${ACCOUNT_A}`
  expect(await visit(genuine)).toContain(believed)
  const name = genuine.slice(0, genuine.indexOf('='))
  const backend = mapBackend()
  await DIDSession.get(ACCOUNT_A, ethereumAuth(KEY_A, undefined, { domain }), {
    resources: ['https://api.example.com/notes/*'],
    store: stringStore(backend),
  })
  const [written = ''] = backend.items.values()
  const forged = Buffer.from(Buffer.from(written, 'base64url').toString().replaceAll(ACCOUNT_A, ACCOUNT_B))
  const attacks: readonly (readonly [attack: string, cookies: string])[] = [
    ['no cookie', ''],
    ['a genuine session that nobody sealed', `${name}=${written}`],
    ['a session of another account, with any signature', `${name}=${forged.toString('base64url')}`],
    ['a sealed one that was changed', genuine.replace(/.{20}$/, 'A'.repeat(20))],
    ['one that another server sealed', await cookiesOf(crypto.getRandomValues(new Uint8Array(32)), domain)],
    ['one of a foreign site', await cookiesOf(secret, 'evil.example.com')],
    ['one for another kind of sign-in', genuine.replace(name, `${name}2`)],
  ]
  for (const [attack, cookies] of attacks) expect(await visit(cookies), attack).not.toMatch(/eip155/)
  expect(await visit(genuine)).toContain(believed)
}
