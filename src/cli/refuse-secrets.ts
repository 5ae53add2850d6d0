import { looksLikeSecret, secretArgument } from './read-file.js'

// Names under which people would give a secret as an argument.
const NAMES = /^--(?:(?:private-?)?key|secret|seed|password|session|mnemonic)(?:=|$)/i
// Whose values may be anything: what a request says, and what a server chose.
const FREE: ReadonlySet<string> = new Set(['-d', '--data', '--json', '-H', '--header', '--nonce'])

/** Ends the command if a secret stands among its arguments. It is never repeated. */
export function refuseSecrets(args: readonly string[]): void {
  args.forEach((arg, i) => {
    if (FREE.has(args[i - 1] ?? '')) return
    const value = /^--?[-a-z]+=(.*)$/is.exec(arg)?.[1] ?? arg
    if (NAMES.test(arg) || looksLikeSecret(value)) throw secretArgument('what looks like a secret')
  })
}
