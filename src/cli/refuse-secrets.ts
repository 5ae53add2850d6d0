import { looksLikeSecret, secretArgument } from './read-file.js'

// Names under which people would give a secret as an argument.
const NAMES = /^--(?:(?:private-?)?key|secret|seed|password|session|mnemonic)(?:=|$)/i
// Whose values may be anything: what a request says, and what a server chose.
const OF_REQUESTS: ReadonlySet<string> = new Set(['-d', '--data', '--json', '-H', '--header'])
const OF_OTHERS: ReadonlySet<string> = new Set(['--nonce'])

/** Ends the command if a secret stands among its arguments. It is never repeated. */
export function refuseSecrets(args: readonly string[]): void {
  const free = args[0] === 'request' ? OF_REQUESTS : OF_OTHERS
  args.forEach((arg, i) => {
    const [, name = '', value = arg] = /^(--?[-a-z]+)=(.*)$/is.exec(arg) ?? []
    if (free.has(args[i - 1] ?? '') || free.has(name)) return
    if (NAMES.test(arg) || looksLikeSecret(value)) throw secretArgument('what looks like a secret')
  })
}
