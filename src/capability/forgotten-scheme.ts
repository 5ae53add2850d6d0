// By the grammar of URIs, the scheme of `localhost:5173/api/*` is `localhost`. Without a dot, any other name may be a scheme: `eip155:1/…`.
const HOST_AND_PORT = /^(localhost|[^:/?#]+\.[^:/?#]+):\d+(?:[/?#]|$)/i

/**
 * The resource with the scheme that its author forgot: `http://localhost:5173/api/*` for `localhost:5173/api/*`. `undefined` if
 * the resource does not begin with a host and a port.
 */
export function withForgottenScheme(resource: string): string | undefined {
  const host = HOST_AND_PORT.exec(resource)?.[1]?.toLowerCase()
  if (host === undefined) return undefined
  // Servers are developed on the local machine without TLS.
  const scheme = /^(?:.+\.)?localhost$|^127\.[\d.]+$/.test(host) ? 'http' : 'https'
  return `${scheme}://${host}${resource.slice(host.length)}`
}

/**
 * Throws a `TypeError` for a resource that begins with a host and a port, because it would cover no URL. `name` is the option that
 * contains it. Only for what a caller asks for: a stored session may have such a resource.
 */
export function assertNoForgottenScheme(resources: readonly string[] = [], name = 'resources'): void {
  for (const resource of resources) {
    const whole = withForgottenScheme(resource)
    if (whole !== undefined)
      throw new TypeError(
        `${name} contains ${JSON.stringify(resource)}, which has no scheme: write ${JSON.stringify(whole)}`,
      )
  }
}
