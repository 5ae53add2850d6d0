import { toBase64url } from '../base/base64.js'
import { SessionError } from '../base/errors.js'
import type { AuthMethodOpts } from '../capability/auth-method.js'
import { type Cacao, parseCacao } from '../capability/cacao.js'
import { encodeAAD } from '../capability/webauthn-aad.js'
import { requestAssertion } from './assertion.js'
import { parseClientData } from './client-data.js'
import { type GrantTextOptions, grantPayload } from './grant-payload.js'
import { readPasskeys, rememberPasskey } from './known-passkeys.js'
import { accountOfAssertion, type PasskeyAccountOptions } from './passkey-account.js'
import { challengeOf, isAssertedBy, verifyWebAuthn, WEBAUTHN_TYPE } from './webauthn-verify.js'

/** What is signed, where `DIDSession.get` or `authorize` don't say otherwise, and how the authenticator is asked. */
export interface WebAuthnAuthOptions extends GrantTextOptions, PasskeyAccountOptions {}

// What is signed names no account: until it is known, this stands in its place.
const NOBODY = 'did:key:z1'

/** Has a passkey sign for its account, or for whichever account it turns out to be, and checks that it did. */
export async function webauthnGrant(
  account: string | undefined,
  opts: AuthMethodOpts,
  options: WebAuthnAuthOptions,
): Promise<Cacao> {
  const h = { t: 'caip122' } as const
  const { statement: words, ...rest } = grantPayload(account ?? NOBODY, opts, options)
  // No authenticator shows any words: only those that somebody asked for are said.
  const isAsked = (opts.statement ?? options.statement) !== undefined
  const p = { ...rest, ...(isAsked && words !== undefined && { statement: words }) }
  const known = account === undefined ? [] : readPasskeys().filter((passkey) => passkey.account === account)
  const assertion = await requestAssertion(challengeOf({ h, p }), known, options)
  const { passkey, der, signature, clientDataJSON } = assertion
  if (account !== undefined && !(await isAssertedBy(account, assertion, signature)))
    throw new SessionError(
      'ERR_CAPABILITY_SIGNATURE',
      `the passkey that was chosen is not the one of ${account}: choose that one`,
    )
  const iss = account ?? (await accountOfAssertion(assertion, options))
  const s = { t: WEBAUTHN_TYPE, s: toBase64url(der), m: { aad: encodeAAD(assertion) } }
  const cacao = parseCacao({ h, p: { ...p, iss }, s })
  // Which sites are trusted is the server's to say, but that of this page is the one that was asked.
  const { origin } = parseClientData(clientDataJSON)
  const rpId = options.rpId ?? globalThis.location?.hostname
  await verifyWebAuthn(
    cacao,
    { disableExpirationCheck: true },
    {
      origins: typeof origin === 'string' ? [origin] : [],
      rpIds: rpId === undefined ? [] : [rpId],
      requireUserVerification: (options.userVerification ?? 'required') === 'required',
    },
  )
  rememberPasskey({ ...passkey, account: iss })
  return cacao
}
