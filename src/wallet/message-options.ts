import type { SignInMessageOptions } from './capability-payload.js'

const NAMES = ['domain', 'statement', 'nonce', 'requestId'] as const

/** Throws a `TypeError` for an option of the message that is no text, such as `null`: it would be taken for one that is absent. */
export function assertMessageOptions(options: SignInMessageOptions): void {
  for (const name of NAMES) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`${name} must be a string, or left out`)
  }
}
