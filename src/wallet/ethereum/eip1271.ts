import { keccak_256 } from '@noble/hashes/sha3.js'
import { SingleFlight } from '../../base/concurrency.js'
import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { type Clock, systemClock } from '../../base/time.js'
import { utf8 } from '../../base/utf8.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { isAcceptedByContract } from './contract-account.js'
import { parseContractSignature } from './erc6492.js'
import type { EthereumRPCOptions, RPCEntries } from './rpc.js'
import { ethereumCapability, renderings } from './siwe-message.js'
/** How contract accounts' signatures are checked, and for how long. */
export interface ContractVerifierOptions extends EthereumRPCOptions {
  /**
   * Seconds for which a contract's yes counts without it being asked again; 0 by default: each time. A contract may
   * change its mind, as when an owner is removed, and that is noticed so much later.
   */
  rpcMaxAgeSecs?: number
  /** A clock in milliseconds, by which `rpcMaxAgeSecs` counts, and the second for which a failure is remembered; `Date.now` by default. */
  now?: Clock
}

const MOST_KNOWN = 1000
// Whoever is refused asks again at once; a chain that is down isn't asked by each of them.
const FAILURES_MS = 1000

/**
 * A check of contract accounts' signatures over capabilities (ERC-1271, ERC-6492). It throws
 * `ERR_CAPABILITY_SIGNATURE`, and what `isAcceptedByContract` throws. Equal questions that are under way at one time are asked
 * once, and a no, or a failure, counts for a second.
 */
export function contractVerifier(
  rpcs: RPCEntries,
  { rpcTimeoutMs, rpcMaxAgeSecs = 0, now = systemClock }: ContractVerifierOptions,
): (input: unknown, options: VerifierOptions | undefined) => Promise<void> {
  const maxAge = rpcMaxAgeSecs * 1000
  const accepted = new Map<string, number>()
  const asked = new SingleFlight<void>({ failuresMs: FAILURES_MS, mostFailures: MOST_KNOWN, now })
  return async (input, options) => {
    const { cacao, ...account } = ethereumCapability(input, options)
    const signature = parseContractSignature(cacao.s.s)
    if (!signature) {
      throw new SessionError(
        'ERR_CAPABILITY_SIGNATURE',
        'malformed eip1271 signature: it must be lower-case hex, and encoded exactly if wrapped (ERC-6492)',
      )
    }
    const texts = [...renderings(cacao)]
    const id = toHex(keccak_256(utf8(JSON.stringify([account, cacao.s.s, texts]))))
    const time = now()
    const age = time - (accepted.get(id) ?? Number.NaN)
    if (age >= 0 && age < maxAge) return
    await asked.run(id, async () => {
      if (await isAcceptedByContract({ account, signature, texts }, rpcs, rpcTimeoutMs)) return
      throw new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is not signed by ${cacao.p.iss}`)
    })
    if (accepted.size >= MOST_KNOWN) accepted.clear()
    if (maxAge > 0) accepted.set(id, time)
  }
}
