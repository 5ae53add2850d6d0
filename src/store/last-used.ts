import type { LastUsed, StoreChange } from './store.js'

/**
 * Returns the last use after a change. The use of a session that is removed loses its account. A sign-out replaces no use of a session
 * that stays, because another tab may have begun to use that one meanwhile.
 */
export function lastUsedAfter(
  before: LastUsed | undefined,
  { remove = [], last }: StoreChange,
): LastUsed | undefined {
  if (last && (last.account !== undefined || remove.length === 0)) return last
  const isRemoved = remove.some(
    ({ account, keyDID }) => account === before?.account && (keyDID ?? before.keyDID) === before.keyDID,
  )
  if (before?.account !== undefined && !isRemoved) return before
  return last ?? (before && { at: before.at })
}
