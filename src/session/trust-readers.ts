import { check } from '../base/options.js'
import { domainsOption, isRevokedOption, verifiersOption } from '../capability/check-options.js'
import type { TrustOptions } from './options.js'
import type { ReadersOf } from './read-options.js'

/** How the options are read that say what is believed of what a store holds. */
export const TRUST_READERS: ReadersOf<TrustOptions> = {
  verifiers: check(verifiersOption),
  domains: check(domainsOption),
  isRevoked: check(isRevokedOption),
}
