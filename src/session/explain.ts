import { untilAborted } from '../base/abort.js'
import { type AccountInput, accountArgument } from '../base/account.js'
import { readOptions } from '../base/options.js'
import { TRUST_READERS } from '../options/read-grant-options.js'
import { EXPLAIN_READERS, givenAsked } from '../options/read-options.js'
import type { AskedResources, ExplainOptions } from '../options/session-options.js'
import type { SessionContext } from '../resume/context.js'
import { loadedHelpers } from '../resume/helpers.js'
import { wasEvicted } from '../resume/persist.js'
import type { SessionStatus, Wanted } from '../resume/resume.js'
import { look, trustingContext } from '../resume/resume.js'
import { askedResources } from '../sign-in/request-capability.js'

const BEST_FIRST = ['ok', 'missing-resources', 'not-yet-valid', 'expired', 'untrusted', 'wrong-key'] as const

/** See `SessionClient.explain`. Never rejects because a store fails. */
export async function explain(
  input: AccountInput,
  asked: AskedResources | undefined,
  options: ExplainOptions,
): Promise<SessionStatus> {
  const given = readOptions<ExplainOptions>(options, { ...EXPLAIN_READERS, ...TRUST_READERS })
  const context = await trustingContext(given, loadedHelpers)
  const { resources = [], abilities } = givenAsked(asked)
  const wanted = {
    resources: abilities ? askedResources({ resources, abilities }) : resources,
    minValiditySecs: given.minValiditySecs,
  }
  const account = accountArgument(input)
  return untilAborted(given.signal, () => statusOf(context, account, wanted))
}

async function statusOf(context: SessionContext, account: string, wanted: Wanted): Promise<SessionStatus> {
  const { assessments, failures } = await look(context, account, wanted, loadedHelpers, false)
  const statuses = assessments.map(({ status }) => status)
  const best = BEST_FIRST.flatMap((name) => statuses.filter(({ status }) => status === name))[0]
  if (best) return best
  if (failures.length > 0) return { status: 'store-unavailable' }
  const { watchOf } = await import('../tabs/index.js')
  const isEvicted = await wasEvicted(context, account, watchOf(context).accounts)
  return { status: isEvicted ? 'evicted' : 'none' }
}
