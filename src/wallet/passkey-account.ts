import { SessionError } from '../base/errors.js'
import { signedBytes } from '../capability/webauthn-aad.js'
import { type Assertion, requestAssertion } from './assertion.js'
import { readPasskeys, rememberPasskey } from './known-passkeys.js'
import { type PasskeyRequestOptions, randomChallenge } from './passkey-request.js'
import { isAssertedBy } from './webauthn-verify.js'

/** How the account of a passkey is found that was never used in this browser. */
export interface PasskeyAccountOptions extends PasskeyRequestOptions {
  /**
   * Says whether an account is one of the app's, such as by asking its server. A signature fits two keys: where only one of
   * them is known, the person need not confirm a second time.
   */
  isKnown?: (account: string) => boolean | Promise<boolean>
}

/** The account of a passkey that the person chooses; it's remembered. */
export async function passkeyAccount(options: PasskeyAccountOptions): Promise<string> {
  const assertion = await requestAssertion(randomChallenge(), [], options)
  const account = await accountOfAssertion(assertion, options)
  rememberPasskey({ ...assertion.passkey, account })
  return account
}

/** The account that made an assertion, with as few further gestures as possible: none or one. */
export async function accountOfAssertion(
  assertion: Assertion,
  { isKnown, ...options }: PasskeyAccountOptions,
): Promise<string> {
  const { passkey, signature } = assertion
  const noted = readPasskeys().find(({ id }) => id === passkey.id)?.account
  if (noted && (await isAssertedBy(noted, assertion, signature))) return noted
  const { candidatesOf } = await import('../key/p256-recover.js')
  const candidates = candidatesOf(signature, signedBytes(assertion))
  const ofApp = isKnown ? await onlyOne(candidates, async (account) => isKnown(account)) : undefined
  if (ofApp) return ofApp
  // Of another signature one of the two keys is a candidate again, and the other is not.
  const second = await requestAssertion(randomChallenge(), [passkey], options)
  const account = await onlyOne(candidates, (did) => isAssertedBy(did, second, second.signature))
  if (account) return account
  throw new SessionError('ERR_AUTH_FAILED', 'the passkey signed with two keys: use another one')
}

async function onlyOne(
  accounts: readonly string[],
  test: (account: string) => Promise<boolean>,
): Promise<string | undefined> {
  const results = await Promise.all(accounts.map(test))
  const [account, ...others] = accounts.filter((_, i) => results[i] === true)
  return others.length === 0 ? account : undefined
}
