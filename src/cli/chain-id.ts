import { usageError } from './exit-codes.js'

/** The number of a chain (EIP-155). Ends the command for anything else. */
export function chainIdArgument(text: string): number {
  const chain = Number(text)
  if (/^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(chain)) return chain
  throw usageError('--chain-id must be the number of a chain, such as 1 or 8453')
}
