// What a granted resource stands for: itself; and, where it ends in a wildcard, all that lies under it.
const WILDCARD = /^[^?#]*\/(?=\*$)/
// Whoever resolves `.` or `..` ends outside of the path that was granted.
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\?#]|$)/i

/**
 * Whether one granted resource covers a wanted one: the same text; or the grant is `scheme://*` or a path
 * that ends in `/*`, and the wanted resource lies under it, on a `/` boundary and without `.` or `..` segments.
 */
export function covers(granted: string, wanted: string): boolean {
  if (granted === wanted) return true
  const prefix = WILDCARD.exec(granted)?.[0]
  if (prefix === undefined || !wanted.startsWith(prefix) || wanted.length === prefix.length) return false
  return !DOT_SEGMENT.test(wanted.slice(prefix.length))
}

/** The wanted resources that none of the granted ones covers. */
export function missingResources(granted: readonly string[], wanted: readonly string[]): string[] {
  return wanted.filter((resource) => !granted.some((grant) => covers(grant, resource)))
}
