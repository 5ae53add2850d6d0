/** How a ReCap begins. */
export const RECAP = 'urn:recap:'
// What a granted resource stands for: itself; and, where it ends in a wildcard, all that lies under it.
const WILDCARD = /^[^?#]*\/(?=\*$)/
// Whoever resolves `.` or `..` ends outside of the path that was granted.
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\?#]|$)/i

/** Whether a resource is a ReCap (ERC-5573), which holds abilities. */
export function isRecap(resource: string | undefined): boolean {
  return resource?.startsWith(RECAP) === true
}

/**
 * Whether one granted resource covers a wanted one: the same text; or the grant is `scheme://*` or a path
 * that ends in `/*`, and the wanted resource lies under it, on a `/` boundary and without `.` or `..` segments.
 */
export function covers(granted: string, wanted: string): boolean {
  return missingResources([granted], [wanted]).length === 0
}

/** The wanted resources that none of the granted ones covers. */
export function missingResources(granted: readonly string[], wanted: readonly string[]): string[] {
  // Each grant is looked into once, for there may be a thousand on either side.
  const exact = new Set(granted)
  const prefixes = granted.flatMap((grant) => WILDCARD.exec(grant)?.[0] ?? [])
  const liesUnder = (resource: string, prefix: string): boolean =>
    resource.length > prefix.length &&
    resource.startsWith(prefix) &&
    !DOT_SEGMENT.test(resource.slice(prefix.length))
  return wanted.filter(
    (resource) => !exact.has(resource) && !prefixes.some((prefix) => liesUnder(resource, prefix)),
  )
}
