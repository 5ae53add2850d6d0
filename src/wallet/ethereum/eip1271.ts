import { keccak_256 } from '@noble/hashes/sha3.js'
import { SingleFlight } from '../../base/concurrency.js'
import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { type Clock, systemClock } from '../../base/time.js'
import { utf8 } from '../../base/utf8.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { isAcceptedByContract } from './contract-account.js'
import { parseContractSignature } from './contract-signature.js'
import type { EthereumRPCOptions, RPCEntries } from './rpc.js'
import { ethereumCapability, renderings } from './siwe-message.js'

const MAX_REMEMBERED = 1000
// A client that is refused often retries at once, and many clients retry while an RPC is down.
const FAILURES_MS = 1000

/** How the signatures of contract accounts are checked, and for how long a result is remembered. */
export interface ContractVerifierOptions extends EthereumRPCOptions {
  /**
   * Seconds for which a signature that a contract accepted is not checked again; 0 by default, which checks
   * it each time. A contract may stop accepting a signature, for example when an owner is removed, and that
   * is noticed this much later.
   */
  rpcMaxAgeSecs?: number
  /**
   * A clock in milliseconds, for `rpcMaxAgeSecs` and for how long failures are remembered; `Date.now` by
   * default.
   */
  now?: Clock
}

/**
 * Returns a verifier of capabilities that contract accounts signed (ERC-1271, ERC-6492). It throws
 * `ERR_CAPABILITY_SIGNATURE`, and whatever `isAcceptedByContract` throws. Identical checks that run at the
 * same time are made once, and a refusal or a failure is remembered for one second.
 */
export function contractVerifier(
  rpcs: RPCEntries,
  { rpcTimeoutMs, rpcMaxAgeSecs = 0, now = systemClock }: ContractVerifierOptions,
): (input: unknown, options: VerifierOptions | undefined) => Promise<void> {
  const maxAge = rpcMaxAgeSecs * 1000
  const accepted = new Map<string, number>()
  const running = new SingleFlight<void>({ failuresMs: FAILURES_MS, mostFailures: MAX_REMEMBERED, now })
  return async (input, options) => {
    const { cacao, ...account } = ethereumCapability(input, options)
    const signature = parseContractSignature(cacao.s.s)
    if (!signature) {
      throw new SessionError(
        'ERR_CAPABILITY_SIGNATURE',
        'malformed eip1271 signature: it must be lower-case hex and, if it is wrapped (ERC-6492), use the exact encoding',
      )
    }
    const texts = [...renderings(cacao)]
    const id = toHex(keccak_256(utf8(JSON.stringify([account, cacao.s.s, texts]))))
    const time = now()
    const age = time - (accepted.get(id) ?? Number.NaN)
    if (age >= 0 && age < maxAge) return
    await running.run(id, async () => {
      if (await isAcceptedByContract({ account, signature, texts }, rpcs, rpcTimeoutMs)) return
      throw new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is not signed by ${cacao.p.iss}`)
    })
    if (accepted.size >= MAX_REMEMBERED) accepted.clear()
    if (maxAge > 0) accepted.set(id, time)
  }
}
