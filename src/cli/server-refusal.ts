// What whoever sends a request can do about a server's refusal, by its code.
const CURES: ReadonlyMap<string, string> = new Map([
  ['ERR_REQUEST_UNSIGNED', 'something between here and the server takes the signature headers away'],
  [
    'ERR_REQUEST_SIGNATURE',
    "what arrived isn't what was signed: does the server know the name by which you reach it (its option authority), and does a proxy change the path?",
  ],
  ['ERR_REQUEST_DIGEST', 'the body that arrived is not the one that was signed: does a proxy change it?'],
  [
    'ERR_REQUEST_STALE',
    'the clocks of this machine and the server differ, or the request was long on its way',
  ],
  ['ERR_REQUEST_REPLAYED', 'it was sent before: each request is good once'],
  ['ERR_REQUEST_TOO_LARGE', "the body is larger than the server's maxBodyBytes"],
  [
    'ERR_CAPABILITY_DOMAIN',
    "the server doesn't accept sign-ins of the session's domain: cacao-session inspect shows it, authorize --domain takes another",
  ],
  [
    'ERR_CAPABILITY_RESOURCES',
    'the session may not do this: cacao-session renew --resource adds to what it may',
  ],
  ['ERR_CAPABILITY_EXPIRED', 'the session has expired: cacao-session renew makes a new one'],
  ['ERR_CAPABILITY_NOT_YET_VALID', 'the session is valid later: is the clock of the server right?'],
  ['ERR_CAPABILITY_REVOKED', 'the session was revoked: cacao-session renew makes a new one'],
  ['ERR_CAPABILITY_UNSUPPORTED', 'the server has no verifier for this kind of account'],
  [
    'ERR_CAPABILITY_SIGNATURE',
    'the account did not sign the session, or the contract account no longer accepts it',
  ],
])

/** What is said of a refusal is no longer. */
export const MOST_REFUSAL_BYTES = 65_536

/**
 * What to tell the person of an answer that is a refusal or a redirection; `undefined` for any other. `body` is what has
 * come of it.
 */
export function refusalOf({ status, statusText, headers }: Response, body: Uint8Array): string | undefined {
  const location = headers.get('location')
  if (status >= 300 && status < 400 && location !== null)
    return `the server redirects (${status}) to ${location}: a signature is for one URL, so request that one`
  if (status < 400) return undefined
  const code = codeIn(headers, body)
  const why = code === undefined ? '' : `\n${code}${CURES.has(code) ? `: ${CURES.get(code)}` : ''}`
  return `the server answered ${status} ${statusText}`.trim() + why
}

// As requireSession writes it.
function codeIn(headers: Headers, body: Uint8Array): string | undefined {
  const named = /^CACAO error="(ERR_\w+)"$/.exec(headers.get('www-authenticate') ?? '')?.[1]
  const isJSON = headers.get('content-type') === 'application/json' && body.length <= MOST_REFUSAL_BYTES
  if (named !== undefined || !isJSON) return named
  const { code } = Object(parsed(body)) as { code?: unknown }
  return typeof code === 'string' && /^ERR_\w+$/.test(code) ? code : undefined
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}
