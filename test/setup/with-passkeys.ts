import { afterEach } from 'vitest'
import { forgetPasskey, knownPasskeys } from '../../src/wallet/webauthn/index.js'
import { TestPasskeys } from './passkey.js'

/** The origin of the page for which the software authenticator signs. */
export const ORIGIN = 'https://app.example.com'

/** Replaces the browser's own authenticator with a software one, until the test ends. */
export function installPasskeys(passkeys: TestPasskeys = new TestPasskeys(ORIGIN)): TestPasskeys {
  // Node has no navigator before 21.
  if (globalThis.navigator === undefined) define(globalThis, 'navigator', {})
  define(globalThis.navigator, 'credentials', passkeys.credentials)
  define(globalThis, 'PublicKeyCredential', class {})
  return passkeys
}

/** Removes all support for passkeys, until the test ends. */
export function withoutPasskeys(): void {
  define(globalThis, 'PublicKeyCredential', undefined)
}

const restorations: (() => void)[] = []

function define(target: object, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(target, name)
  restorations.unshift(() => {
    if (before) Object.defineProperty(target, name, before)
    else Reflect.deleteProperty(target, name)
  })
  Object.defineProperty(target, name, { value, configurable: true, writable: true })
}

afterEach(() => {
  for (const restore of restorations.splice(0)) restore()
})

/** Makes this page forget the passkeys that it knows. */
export async function forgetAll(): Promise<void> {
  for (const { account } of await knownPasskeys()) await forgetPasskey(account)
}
