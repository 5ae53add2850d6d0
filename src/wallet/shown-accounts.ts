import { parseAccount } from '../base/account.js'
import { within } from '../base/timeout.js'
import type { EIP1193Provider } from './ethereum-signer.js'

/** What a wallet told of what it shows, in its own words. */
export interface Reported {
  readonly addresses?: unknown
  readonly chain?: unknown
}

// A wallet knows these without asking anyone. One that hangs must not keep an app acting for who was there before.
const ANSWER_MS = 3000
const ANYONE = `0x${'0'.repeat(40)}`

/**
 * The CAIP-10 ids of the accounts that the wallet shows, the chosen one first. It is asked for what is not
 * reported, or makes no sense, and never opens.
 */
export async function shownAccounts(
  provider: EIP1193Provider,
  { addresses, chain }: Reported,
): Promise<readonly string[]> {
  if (Array.isArray(addresses) && addresses.length === 0) return []
  const ask = async (method: string): Promise<unknown> => provider.request({ method })
  return answeredAccounts(
    Promise.all([
      accountsOf(addresses, 1) ? addresses : ask('eth_accounts'),
      accountsOf([ANYONE], chain) ? chain : ask('eth_chainId'),
    ]),
  )
}

/** The same from its answers. If it fails to answer, or answers nonsense, it shows none. */
export async function answeredAccounts(answers: Promise<readonly unknown[]>): Promise<readonly string[]> {
  const accounts = answers.then(
    ([addresses, chain]) => accountsOf(addresses, chain),
    () => undefined,
  )
  return (await within(ANSWER_MS, accounts)) ?? []
}

function accountsOf(addresses: unknown, chain: unknown): string[] | undefined {
  const reference = chainReference(chain)
  if (!Array.isArray(addresses) || reference === undefined) return undefined
  const accounts = addresses.map((address: unknown) =>
    typeof address === 'string' ? parseAccount(`eip155:${reference}:${address}`) : undefined,
  )
  return accounts.every((account) => account !== undefined)
    ? accounts.map(({ address }) => `eip155:${reference}:${address}`)
    : undefined
}

/** The chain's number in decimal, from the ways in which wallets write it. */
function chainReference(chain: unknown): string | undefined {
  const isText = typeof chain === 'string' && /^(0x[0-9a-f]+|[0-9]+)$/i.test(chain)
  return isText || Number.isSafeInteger(chain) || typeof chain === 'bigint'
    ? String(BigInt(chain as string | number | bigint))
    : undefined
}
