import { expect } from 'vitest'
import { seedKey } from '../../../src/key/generate-key.js'
import { DIDSession } from '../../../src/session/did-session.js'
import { type CookieStore, cookieStore } from '../../../src/store/cookie-store.js'
import { stringStore } from '../../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../../src/wallet/ethereum/index.js'
import { signed } from '../../setup/capability.js'
import { headerOf } from '../../setup/cookies.js'
import { forgedItem } from '../../setup/forged-store.js'
import { ACCOUNT_A, KEY_A, KEY_B } from '../../setup/wallet.js'

/** A server that returns the account of the session in the cookies. */
export interface CookieServer {
  /** The server's answer to these cookies. */
  visit(cookies: string): Promise<string>
  readonly secret: Uint8Array
  /** The domain whose sign-ins the server accepts. */
  readonly domain: string
}

/** The cookie of a client that is signed in at a server with this secret, on this domain. */
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

/** Expects that only the genuine cookie is accepted. */
export async function attackCookies({ visit, secret, domain }: CookieServer): Promise<void> {
  const genuine = await cookiesOf(secret, domain)
  const genuineAccount = `did:pkh:${ACCOUNT_A}`
  expect(await visit(genuine)).toContain(genuineAccount)
  const [name = '', value = ''] = genuine.split('=')
  // The mark that distinguishes the parts of a value from those of another one.
  const mark = value.slice(0, value.indexOf('.1.') + '.1.'.length)
  const seed = new Uint8Array(32).fill(9)
  const { did: aud } = await seedKey(seed)
  const written = (key: string): string =>
    `${name}=${mark}${forgedItem([{ cacao: signed({ aud, domain }, key), seed }])}`
  const attacks: readonly (readonly [attack: string, cookies: string])[] = [
    ['no cookie', ''],
    ['a session that a wallet signed, but the server did not seal', written(KEY_A)],
    ['a session of another account, with a false signature', written(KEY_B)],
    ['a changed sealed cookie', genuine.replace(/.{20}$/, 'A'.repeat(20))],
    [
      'a cookie sealed by another server',
      await cookiesOf(crypto.getRandomValues(new Uint8Array(32)), domain),
    ],
    ['a cookie of another domain', await cookiesOf(secret, 'evil.example.com')],
    ['a cookie of another namespace', genuine.replace(name, `${name}2`)],
  ]
  for (const [attack, cookies] of attacks) expect(await visit(cookies), attack).not.toMatch(/eip155/)
  expect(await visit(genuine)).toContain(genuineAccount)
}
