import type { SignInMessageOptions } from './capability-payload.js'

const NAMES = ['domain', 'statement', 'nonce', 'requestId'] as const

// The other options of the auth methods. The wallet sources of a sign-in button take the same ones.
export const ETHEREUM_OPTIONS: readonly string[] = ['rpc', 'rpcTimeoutMs', 'chainId', 'lowerCaseAddress']
export const SOLANA_OPTIONS: readonly string[] = ['chain']
export const PASSKEY_OPTIONS: readonly string[] = [
  'rpId',
  'userVerification',
  'timeoutMs',
  'signal',
  'isKnown',
]

/** Throws a `TypeError` for an option whose name is not in the list, because it would be ignored, and for options that are no object. */
export function assertOptions(options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || Array.isArray(options ?? []))
    throw new TypeError('options must be an object')
  for (const name in options)
    if (!names.includes(name))
      throw new TypeError(`there is no option "${name}" here; there are ${names.join(', ')}`)
}

/**
 * Checks the options of an auth method, which are those of the message and its `own`. Throws a `TypeError` for any other option, and
 * for an option of the message that is not a string, such as `null`: the default would silently replace it.
 */
export function assertMessageOptions(options: SignInMessageOptions, own: readonly string[]): void {
  assertOptions(options, [...NAMES, ...own])
  for (const name of NAMES) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`${name} must be a string, or left out`)
  }
}
