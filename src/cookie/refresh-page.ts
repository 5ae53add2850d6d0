import { type ReadValue, readOptions, required, setting, wrong } from '../base/options.js'

/** The options of the page that renews the cookie and then continues the navigation. */
export interface RefreshPageOptions {
  /** The path of your script, such as `/refresh.js`, which calls `continueNavigation`. It is loaded as a module. */
  script: string
  /** The path of your sign-in page, such as `/login`. */
  login: string
  /** The nonce of your `Content-Security-Policy`, if scripts need one. */
  nonce?: string
}

// Accepts only a path that the URL parser doesn't change, because such a path can't lead to another origin.
const pathOption: ReadValue<string> = (value, name) => {
  const base = 'https://a.example'
  if (typeof value === 'string' && value.startsWith('/') && URL.canParse(value, base)) {
    const { href, origin } = new URL(value, base)
    if (origin === base && href === base + value) return value
  }
  throw wrong(name, 'a path of this origin, encoded as in a URL: "/login"')
}

const nonceOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string' && /^[-+/\w]+={0,2}$/.test(value)) return value
  throw wrong(name, 'the nonce of your Content-Security-Policy, in base64')
}

const READERS = {
  script: required(pathOption),
  login: required(pathOption),
  nonce: setting(nonceOption),
}

// Seconds after which the page gives up: the script could not be loaded, or the server doesn't answer.
const GIVE_UP_SECS = 30

/** Returns the empty page that the browser shows while the cookie is renewed. `at` is the URL that the person navigated to. */
export function refreshPage(options: RefreshPageOptions, at: URL): Response {
  const { script, login, nonce } = readOptions(options, READERS)
  const to = escaped(login)
  const policy = `default-src 'none'; script-src 'self'${nonce === undefined ? '' : ` 'nonce-${nonce}'`}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`
  return new Response(
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="cacao-session-login" content="${to}">
<meta http-equiv="refresh" content="${GIVE_UP_SECS};url=${to}">
<noscript><meta http-equiv="refresh" content="0;url=${to}"></noscript>
<title>${escaped(at.host)}</title>
<script type="module" src="${escaped(script)}"${nonce === undefined ? '' : ` nonce="${escaped(nonce)}"`}></script>
<noscript><a href="${to}">Sign in</a></noscript>
</html>
`,
    {
      // Not 200, so that a script that fetches the URL sees that this isn't the page. A browser shows the page all the same.
      status: 401,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': policy,
        'referrer-policy': 'same-origin',
        vary: 'Cookie',
        'www-authenticate': 'CACAO error="ERR_REQUEST_UNSIGNED"',
        'x-content-type-options': 'nosniff',
      },
    },
  )
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
