import type { SignInMessageOptions } from './capability-payload.js'

const NAMES = ['domain', 'statement', 'nonce', 'requestId'] as const

// What else the auth methods take, and so do the sources of a sign-in button.
export const ETHEREUM_OPTIONS: readonly string[] = ['rpc', 'rpcTimeoutMs', 'chainId', 'lowerCaseAddress']
export const SOLANA_OPTIONS: readonly string[] = ['chain']
export const PASSKEY_OPTIONS: readonly string[] = [
  'rpId',
  'userVerification',
  'timeoutMs',
  'signal',
  'isKnown',
]

/** Throws a `TypeError` for an option whose name is not in the list: it would be passed over. */
export function assertOptions(options: object, names: readonly string[]): void {
  for (const name in options)
    if (!names.includes(name))
      throw new TypeError(`there is no option "${name}" here; there are ${names.join(', ')}`)
}

/**
 * The same for the options of an auth method: those of the message, and these. An option of the message that is no text, such as
 * `null`, is an error too: it would be taken for one that is absent.
 */
export function assertMessageOptions(options: SignInMessageOptions, own: readonly string[]): void {
  assertOptions(options, [...NAMES, ...own])
  for (const name of NAMES) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`${name} must be a string, or left out`)
  }
}
